package preprocess

import (
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func le16(v uint16) string { return string(binary.LittleEndian.AppendUint16(nil, v)) }
func le32(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }
func be16(v uint16) string { return string(binary.BigEndian.AppendUint16(nil, v)) }
func be32(v uint32) string { return string(binary.BigEndian.AppendUint32(nil, v)) }

func pngChunk(name, body string) string {
	return be32(uint32(len(body))) + name + body + be32(crc32.ChecksumIEEE([]byte(name+body)))
}

// headers returns files of every format that claim a size and hold next to nothing.
func headers(width, height uint32) map[string]string {
	const padding = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	minus := func(v uint32) string { return le32(v - 1)[:3] }
	entry := func(tag, value uint32) string { return le16(uint16(tag)) + le16(4) + le32(1) + le32(value) }
	riff := func(chunks string) string { return "RIFF" + le32(uint32(4+len(chunks))) + "WEBP" + chunks }
	quantizers := "\xFF\xDB\x00\x43\x00" + string(make([]byte, 64))
	jpegOf := func(sof string) string {
		return "\xFF\xD8" + quantizers + sof + "\x00\x0B\x08" + be16(uint16(height)) + be16(uint16(width)) + "\x01\x01\x11\x00" +
			"\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00" + padding + "\xFF\xD9"
	}
	return map[string]string{
		"PNG": pngMagic + pngChunk("IHDR", be32(width)+be32(height)+"\x08\x02\x00\x00\x00") +
			pngChunk("IDAT", "\x78\x9C"+padding) + pngChunk("IEND", ""),
		"JPEG":             jpegOf("\xFF\xC0"),
		"progressive JPEG": jpegOf("\xFF\xC2"),
		"GIF": "GIF89a" + le16(uint16(width)) + le16(uint16(height)) + "\x80\x00\x00\xFF\x00\x00\x00\xFF\x00," + "\x00\x00\x00\x00" +
			le16(uint16(width)) + le16(uint16(height)) + "\x00\x02\x02\x4C\x01\x00;",
		"BMP":          "BM" + padding[:8] + le32(54) + le32(40) + le32(width) + le32(height) + "\x01\x00\x18\x00" + padding + padding[:8] + padding,
		"BMP in runs":  "BM" + padding[:8] + le32(62) + le32(40) + le32(width) + le32(height) + "\x01\x00\x08\x00\x01\x00\x00\x00" + padding[:12] + le32(2) + padding[:12] + "\x00\x00\x00\x01",
		"TIFF":         "II*\x00" + le32(8) + le16(7) + entry(256, width) + entry(257, height) + entry(258, 8) + entry(262, 1) + entry(273, 8) + entry(278, height) + entry(279, 8) + le32(0),
		"tiled TIFF":   "II*\x00" + le32(8) + le16(8) + entry(256, 16) + entry(257, 16) + entry(258, 8) + entry(262, 1) + entry(322, width*30000) + entry(323, height) + entry(324, 8) + entry(325, 8) + le32(0),
		"WebP":         riff("VP8X" + le32(10) + "\x00\x00\x00\x00" + minus(width) + minus(height) + "VP8L" + le32(8) + "\x2F" + padding[:7]),
		"moving WebP":  riff("VP8X" + le32(10) + "\x02\x00\x00\x00" + minus(width) + minus(height) + "ANIM" + le32(6) + padding[:6] + "ANMF" + le32(16) + padding),
		"APNG":         pngMagic + pngChunk("IHDR", be32(width)+be32(height)+"\x10\x06\x00\x00\x00") + pngChunk("acTL", be32(1)+be32(0)) + pngChunk("IDAT", "") + pngChunk("IEND", ""),
		"no image":     string(make([]byte, 64)),
		"JPEG in DRI":  "\xFF\xD8\xFF\xDD\x00\x04\x00\x01" + jpegOf("\xFF\xC0")[2:],
		"16-bit TIFF":  "MM\x00*" + be32(8) + "\x00\x01" + "\x01\x00\x00\x04" + be32(1) + be32(width) + be32(0),
		"lossy WebP":   riff("VP8 " + le32(10) + "\x10\x00\x00\x9D\x01\x2A" + le16(uint16(width)&0x3FFF|0x3FF0) + le16(uint16(height)&0x3FFF|0x3FF0)),
		"PNG of zeros": pngMagic + pngChunk("IHDR", be32(0)+be32(height)+"\x08\x02\x00\x00\x00") + pngChunk("IDAT", "") + pngChunk("IEND", ""),
	}
}

// spent returns what a call allocates and takes.
func spent(call func()) (bytes uint64, took time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	call()
	took = time.Since(start)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, took
}

func TestClaimedSizesAreRefusedBeforeAllocation(t *testing.T) {
	for name, file := range headers(60000, 60000) {
		t.Run(name, func(t *testing.T) {
			var err error
			bytes, took := spent(func() { _, err = Decode([]byte(file)) })
			require.Error(t, err)
			require.Less(t, bytes, uint64(1<<20), "%v", err)
			require.Less(t, took, time.Second)
			switch name {
			case "no image", "16-bit TIFF", "PNG of zeros":
				require.ErrorIs(t, err, ErrNotImage)
			default:
				require.ErrorIs(t, err, ErrTooLarge)
			}
		})
	}
}

// TestLargeClaimsOfSmallFiles: sizes within the budget are refused too where the data cannot fill them.
func TestLargeClaimsOfSmallFiles(t *testing.T) {
	for _, name := range []string{"PNG", "JPEG", "progressive JPEG", "GIF", "BMP", "BMP in runs"} {
		t.Run(name, func(t *testing.T) {
			var err error
			bytes, _ := spent(func() { _, err = Decode([]byte(headers(12000, 12000)[name])) })
			require.ErrorIs(t, err, ErrNotImage)
			require.Less(t, bytes, uint64(1<<20))
		})
	}
}

// TestSmallClaims: the same files with sizes that nothing is wrong with fail for want of data, not of size.
func TestSmallClaims(t *testing.T) {
	for name, file := range headers(16, 16) {
		_, err := Decode([]byte(file))
		if name == "JPEG" || name == "JPEG in DRI" || name == "16-bit TIFF" || name == "tiled TIFF" || name == "lossy WebP" {
			continue // damaged data is shown, or the claim is another
		}
		require.ErrorIs(t, err, ErrNotImage, name)
	}
}

func TestForeignFormats(t *testing.T) {
	for magic, name := range map[string]string{
		"\x00\x00\x00\x1CftypavifAAAA": "AVIF", "\x00\x00\x00\x1CftypheicAAAA": "HEIC", "II\x2B\x00\x08\x00\x00\x00": "BigTIFF",
		"8BPS\x00\x01": "Photoshop", "<svg xmlns=": "SVG", "\x00\x00\x01\x00\x01\x00": "ICO",
	} {
		_, err := Decode([]byte(magic))
		require.ErrorIs(t, err, ErrUnsupported)
		require.ErrorContains(t, err, name)
	}
	for _, data := range []string{"", "x", "<html>", "\xFF\xD8\xFF", "GIF89a", "BM", "II*\x00", "RIFF\x00\x00\x00\x00WEBPVP8 ", pngMagic} {
		_, err := Decode([]byte(data))
		require.ErrorIs(t, err, ErrNotImage, "%q", data)
	}
}
