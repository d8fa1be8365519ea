// Package preprocess turns the bytes of a picture into the tensor that an image tower gets, byte for byte as the reference
// implementations do: Pillow 13 for decoding and resizing, and OpenAI's CLIP, open_clip and Hugging Face transformers for
// the order of the steps.
//
//	picture, err := preprocess.Decode(data)
//	config, err := preprocess.HuggingFace(preprocessorConfigJSON)
//	result, err := config.Apply(picture.Upright())
//	// result.Values: float32, height x width x 3
//
// # Why keep Pillow's modes?
//
// OpenAI and open_clip resize and crop a picture in the mode that its file has and convert it to RGB last; Hugging Face
// converts first. For a palette picture, the first takes the nearest pixel and the second interpolates; for a transparent
// one, the first weighs colours by alpha. A Picture therefore stays in its file's mode until a Config says when to
// convert.
//
// # Why two passes of bytes?
//
// Pillow rounds to 8 bits between the horizontal and the vertical pass and decides by the sizes which comes first
// (Pillow 13; 11 and 12 decide otherwise). No resampling in floats can match it.
//
// # Why are 16-bit gray pictures almost white?
//
// Because they are in Pillow: converting mode "I;16" to RGB clips at 255 instead of scaling. The models' own code
// does that to a 16-bit gray PNG, so this package does; whoever wants another picture converts the file to 8 bits.
//
// # What is read
//
//   - JPEG: see package jpeg.
//   - PNG: all colour types, depths and interlacing; the first frame of an animation.
//   - WebP: lossy, lossless and with alpha; the first frame of an animation.
//   - GIF: the first frame, on the whole screen.
//   - BMP: 1, 4, 8, 16, 24 and 32 bits, run-length coded or not.
//   - TIFF: the first page; bilevel, gray, palette, RGB and CMYK with 1, 2, 4, 8 or 16 bits, with alpha; strips and
//     tiles; uncompressed, LZW, Deflate, PackBits, CCITT group 3 and 4. Turned upright at once, as Pillow does.
//
// # What is refused
//
// Everything else, with ErrUnsupported rather than with other pixels:
//
//   - arithmetic-coded, lossless, hierarchical and 12-bit JPEG, and progressive JPEG without all its scans;
//   - TIFF with JPEG, old-style LZW, two-dimensional group 3 or another compression; with floating-point, signed or
//     32-bit samples; in YCbCr or L*a*b* colours; with alpha beside a palette or premultiplied gray; in separate planes
//     unless they are 8 bits of RGB, RGBA or CMYK; with reversed bits beside those; and BigTIFF;
//   - BMP with other bit fields than Pillow knows, or with 4 bits and a palette that Pillow drops;
//   - AVIF, HEIC, JPEG 2000, JPEG XL, ICO, PSD, SVG, PNM and QOI.
//
// More pixels than Pillow's limit, or more memory than 1 GiB, are refused with ErrTooLarge; broken files with ErrNotImage.
// Damage that Pillow passes over is passed over: a JPEG file with wrong bits shows the same wrong pixels. Of damaged
// files a few that Pillow shows are refused (a wrong checksum of a PNG's data, damaged fax lines, a JPEG file that
// claims hundreds of times the pixels that it holds).
//
// ICC profiles are ignored, as all reference pipelines ignore them.
package preprocess
