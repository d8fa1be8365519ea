// Package jpeg decodes JPEG files to the very bytes that Pillow gives, which are those of libjpeg-turbo with its default
// settings. It was written from the standard, ITU-T T.81, and from libjpeg's documented behaviour where the standard
// leaves a choice.
//
// # Why not image/jpeg?
//
// Three choices decide a pixel, and image/jpeg makes each of them otherwise: the inverse DCT (the "islow" integer
// transform here), how halved chroma is brought to full size (interpolated, not repeated: up to 168 of 255 levels), and
// the fixed-point colour conversion. Its coefficients are not exported, so none can be changed from outside.
//
// # What it reads
//
// Baseline, extended sequential and progressive files with Huffman codes and 8 bits a sample; one component (gray), three
// (YCbCr or RGB) or four (CMYK or YCCK); any sampling factors that divide the largest; restart intervals; tables that
// are missing as in Motion JPEG. Damage inside the coded data is passed over as libjpeg passes over it: Pillow
// shows such pictures, and so does this package. A file that ends before its end marker is refused, as Pillow does.
//
// # What it refuses
//
// With ErrUnsupported: arithmetic coding, lossless and hierarchical files, 12 bits a sample, sampling ratios that are
// not whole, and progressive files without all their scans (libjpeg would smooth the blocks). With ErrTooLarge: more
// than MaxPixels pixels, or more memory or scans than a picture needs. With ErrFormat: everything else that Pillow
// cannot read either.
package jpeg
