package preprocess

import "bytes"

// Decode decodes a whole file of one of the formats that the package documentation lists. The format is told from the
// bytes, never from a name. Of several frames or pages the first counts. Errors wrap ErrNotImage, ErrUnsupported or
// ErrTooLarge; sizes are checked before anything is allocated.
func Decode(data []byte) (*Picture, error) {
	switch {
	case bytes.HasPrefix(data, []byte(pngMagic)):
		return decodePNG(data)
	case bytes.HasPrefix(data, []byte(jpegMagic)):
		return decodeJPEG(data)
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return decodeGIF(data)
	case len(data) >= 16 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return decodeWebP(data)
	case bytes.HasPrefix(data, []byte("BM")):
		return decodeBMP(data)
	}
	if _, _, ok := tiffHeader(data); ok {
		return decodeTIFF(data)
	}
	if name := foreignFormat(data); name != "" {
		return nil, unsupported("this is %s; convert it to PNG, JPEG, WebP, GIF, BMP or TIFF", name)
	}
	if len(data) == 0 {
		return nil, notImage("the file is empty")
	}
	return nil, notImage("neither PNG, JPEG, WebP, GIF, BMP nor TIFF")
}

// foreignFormat names formats that are pictures, but not read here.
func foreignFormat(data []byte) string {
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		switch string(data[8:12]) {
		case "avif", "avis":
			return "AVIF"
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return "HEIC"
		}
	}
	for _, f := range []struct{ magic, name string }{
		{"II\x2B\x00", "BigTIFF"}, {"MM\x00\x2B", "BigTIFF"}, {"\x00\x00\x00\x0CjP  \r\n\x87\n", "JPEG 2000"}, {"\xFF\x4F\xFF\x51", "JPEG 2000"},
		{"\xFF\x0A", "JPEG XL"}, {"\x00\x00\x00\x0CJXL \r\n\x87\n", "JPEG XL"}, {"\x00\x00\x01\x00", "an ICO file"}, {"8BPS", "a Photoshop file"},
		{"<svg", "SVG"}, {"P1", "PNM"}, {"P2", "PNM"}, {"P3", "PNM"}, {"P4", "PNM"}, {"P5", "PNM"}, {"P6", "PNM"}, {"qoif", "QOI"},
	} {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.name
		}
	}
	return ""
}
