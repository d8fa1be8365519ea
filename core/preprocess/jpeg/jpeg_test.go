package jpeg

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	gojpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/goclip/goclip/internal/oracle"
	"github.com/stretchr/testify/require"
)

// golden returns the JPEG files of the golden data, and the checksum of their pixels as Pillow decodes them.
func golden(t testing.TB) (files map[string][]byte, sums map[string]string) {
	t.Helper()
	list, err := os.ReadFile(oracle.Path(t, "preprocess", "decode.jsonl"))
	require.NoError(t, err)
	files, sums = map[string][]byte{}, map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		var want struct{ File, RGB, Native, Error string }
		require.NoError(t, json.Unmarshal([]byte(line), &want))
		data, err := os.ReadFile(oracle.Path(t, "preprocess", "images", want.File))
		require.NoError(t, err)
		if !bytes.HasPrefix(data, []byte{0xFF, markSOI}) {
			continue
		}
		files[want.File], sums[want.File] = data, want.RGB
		if want.Native != "" {
			sums[want.File] = want.Native
		}
	}
	require.NotEmpty(t, files)
	return files, sums
}

func TestDecodeGolden(t *testing.T) { eachLevel(t, testDecodeGolden) }

func testDecodeGolden(t *testing.T) {
	files, sums := golden(t)
	for name, data := range files {
		p, err := Decode(data)
		if sums[name] == "" {
			require.ErrorIs(t, err, ErrFormat, name)
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, p.Pixels, p.Width*p.Height*p.Channels, name)
		sum := sha256.Sum256(p.Pixels)
		require.Equal(t, sums[name], hex.EncodeToString(sum[:]), name)
	}
}

// TestTruncated: a file that is cut anywhere is refused.
func TestTruncated(t *testing.T) {
	files, _ := golden(t)
	for _, name := range []string{"jpeg_420_small.jpg", "jpeg_progressive.jpg", "jpeg_gray.jpg"} {
		data := files[name]
		for n := range len(data) - 1 {
			if n > 700 && n < len(data)-100 && n%97 != 0 {
				continue
			}
			_, err := Decode(data[:n])
			if err == nil && name != "jpeg_progressive.jpg" && n > len(data)-12 {
				continue // all bits are there that libjpeg asks for
			}
			require.ErrorIs(t, err, ErrFormat, "%s cut to %d of %d bytes", name, n, len(data))
		}
	}
}

// TestRefused: kinds of JPEG that are not decoded say which they are.
func TestRefused(t *testing.T) {
	files, _ := golden(t)
	edit := func(at int, values ...byte) []byte { // of the frame header, counted from its marker
		data := bytes.Clone(files["jpeg_420_small.jpg"])
		copy(data[bytes.Index(data, []byte{0xFF, markSOF0})+at:], values)
		return data
	}
	whole := files["jpeg_progressive.jpg"]
	partial := append(bytes.Clone(whole[:bytes.LastIndex(whole, []byte{0xFF, markSOS})]), 0xFF, markEOI)
	for _, c := range []struct {
		data []byte
		kind error
		says string
	}{
		{partial, ErrUnsupported, "without all its scans"},
		{edit(1, 0xC3), ErrUnsupported, "lossless"},
		{edit(1, 0xC5), ErrUnsupported, "hierarchical"},
		{edit(1, 0xC9), ErrUnsupported, "arithmetic"},
		{edit(1, 0xCA), ErrUnsupported, "arithmetic"},
		{edit(4, 12), ErrUnsupported, "12 bits"},
		{edit(9, 2), ErrUnsupported, "2 components"},
		{edit(11, 0x43), ErrFormat, "10 are allowed"},
		{edit(14, 0x31), ErrUnsupported, "sampling factors"},
		{edit(11, 0x02), ErrFormat, "sampling factors"},
		{edit(5, 0xFF, 0xFF), ErrTooLarge, "65,500"},
		{edit(5, 0xEA, 0x60, 0xEA, 0x60), ErrTooLarge, "more than 178956970"},
		{edit(5, 0, 0), ErrFormat, "37 x 0 pixels"},
		{edit(12, 7), ErrFormat, "quantization table 7"},
		{edit(3, 18), ErrFormat, "frame header of 16 bytes"},
		{[]byte("\xFF\xD8\xFF\xD9"), ErrFormat, "no picture"},
		{[]byte("\xFF\xD8\xFF\xDA\x00\x02"), ErrFormat, "before the frame header"},
		{[]byte("\xFF\xD8\xFF\xC4\x00\x05\x00\x01\x02"), ErrFormat, "cut short"},
		{[]byte("\xFF\xD8\xFF\xF3\x00\x02"), ErrFormat, "unexpected marker"},
		{nil, ErrFormat, "no start marker"},
	} {
		_, err := Decode(c.data)
		require.ErrorIs(t, err, c.kind, c.says)
		require.ErrorContains(t, err, c.says)
	}
}

// TestColors: without markers the names of the components decide, and Adobe's marker when it is there.
func TestColors(t *testing.T) {
	d := &decoder{frame: &frame{components: []*component{{id: 'R'}, {id: 'G'}, {id: 'B'}}}}
	rows := [4][]byte{{100}, {200}, {250}, {30}}
	convert := func() []byte {
		out := make([]byte, len(d.frame.components))
		d.chooseConverter()(out, &rows)
		return out
	}
	plain, ycc := []byte{100, 200, 250}, []byte{255, 0, 228}
	require.Equal(t, plain, convert())
	d.frame.components[0].id = 1
	require.Equal(t, ycc, convert())
	d.adobe = true
	require.Equal(t, plain, convert())
	d.transform = 1
	require.Equal(t, ycc, convert())
	d.transform, d.jfif = 0, true
	require.Equal(t, ycc, convert())
	d.frame.components = append(d.frame.components, &component{})
	require.Equal(t, []byte{155, 55, 5, 225}, convert())
	d.transform = 2
	require.Equal(t, []byte{255, 0, 228, 225}, convert())
}

// TestTransform holds the integer transform against the definition (T.81 A.3.3).
func TestTransform(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var quantizer [64]int16
	for range 300 {
		var block [64]int16
		for i := range block {
			quantizer[i] = int16(1 + r.IntN(20))
			if r.IntN(4) == 0 {
				block[i] = int16(r.NormFloat64() * 8)
			}
		}
		block[0] = int16(r.IntN(60) - 30)
		got := make([]byte, 64)
		transform(got, 8, &block, &quantizer, 63)
		for y := range 8 {
			for x := range 8 {
				sum := 0.0
				for v := range 8 {
					for u := range 8 {
						value := float64(block[8*v+u]) * float64(quantizer[8*v+u]) / 4
						for _, k := range []int{u, v} {
							if k == 0 {
								value /= math.Sqrt2
							}
						}
						sum += value * math.Cos(float64((2*x+1)*u)*math.Pi/16) * math.Cos(float64((2*y+1)*v)*math.Pi/16)
					}
				}
				require.InDelta(t, max(0, min(255, sum+128)), float64(got[8*y+x]), 1)
			}
		}
	}
	for dc := -1024; dc < 1024; dc++ { // the short way of flat blocks
		short, long := make([]byte, 64), make([]byte, 64)
		transform(short, 8, &[64]int16{int16(dc)}, &[64]int16{3}, 0)
		transform(long, 8, &[64]int16{int16(dc)}, &[64]int16{3}, 63)
		require.Equal(t, long, short, "%d", dc)
	}
}

func TestExtend(t *testing.T) {
	require.Equal(t, []int{-1, 1, -3, -2, 2, 3, -7, 7}, []int{
		extend(0, 1), extend(1, 1), extend(0, 2), extend(1, 2), extend(2, 2), extend(3, 2), extend(0, 3), extend(7, 3),
	})
}

// TestBits: however the bytes lie, the bits come in order, with stuffed bytes undone, and zeros after a marker.
func TestBits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var plain, coded []byte
		for range 40 + r.IntN(9) {
			v := byte(r.Uint32())
			if r.IntN(5) == 0 {
				v = 0xFF
			}
			plain, coded = append(plain, v), append(coded, v)
			if v == 0xFF {
				coded = append(coded, 0)
			}
		}
		coded = append(coded, 0xFF, 0xFF, markEOI, 1, 2, 3)
		b := &bitReader{data: coded}
		for at := 0; at < 8*len(plain); {
			n := min(r.IntN(17), 8*len(plain)-at)
			want := 0
			for range n {
				want = want<<1 | int(plain[at/8]>>(7-at%8)&1)
				at++
			}
			require.Equal(t, want, b.bits(n))
			require.GreaterOrEqual(t, b.left, 0)
		}
		require.Zero(t, b.bits(16))
		require.Negative(t, b.left)
		require.False(t, b.ended)
		require.EqualValues(t, markEOI, b.marker)
	}
	b := &bitReader{data: []byte{0xAB}}
	require.Equal(t, 0xAB, b.bits(8))
	require.True(t, b.ended)
}

func TestHuffmanTables(t *testing.T) {
	for _, typical := range typicalTables {
		for _, table := range []struct{ counts, symbols string }{typical.dc, typical.ac} {
			h := newHuffman([]byte(table.counts), []byte(table.symbols))
			require.NoError(t, h.err)
			// Every code, written out by annex C, decodes to its symbol.
			code, at := 0, 0
			for n := 1; n <= 16; n++ {
				for range table.counts[n-1] {
					b := &bitReader{data: []byte{0, 0, 0, 0, 0, 0, 0, 0}}
					b.fill()
					b.acc, b.left = uint64(code)<<(64-n), 60
					require.Equal(t, int(table.symbols[at]), b.symbol(h))
					require.Equal(t, 60-n, b.left)
					code++
					at++
				}
				code <<= 1
			}
			b := &bitReader{acc: math.MaxUint64, left: 60}
			require.Zero(t, b.symbol(h), "no code")
			require.Equal(t, 60-17, b.left)
		}
	}
	full := newHuffman([]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), []byte{1, 2})
	require.ErrorIs(t, full.err, ErrFormat)
}

// TestAgainstGo: files that image/jpeg writes decode to within what its own decoder makes of them; gray has no chroma to
// interpolate.
func TestAgainstGo(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		m := image.NewGray(image.Rect(0, 0, 1+r.IntN(50), 1+r.IntN(50)))
		for i := range m.Pix {
			m.Pix[i] = byte(128 + 90*math.Sin(float64(i)/7))
		}
		var file bytes.Buffer
		require.NoError(t, gojpeg.Encode(&file, m, &gojpeg.Options{Quality: 30 + r.IntN(70)}))
		want, err := gojpeg.Decode(bytes.NewReader(file.Bytes()))
		require.NoError(t, err)
		got, err := Decode(file.Bytes())
		require.NoError(t, err)
		for i, v := range got.Pixels {
			require.InDelta(t, want.At(i%got.Width, i/got.Width).(color.Gray).Y, v, 1)
		}
	}
}

// FuzzDecode: whatever the bytes, Decode ends with a whole picture or one of its errors.
func FuzzDecode(f *testing.F) {
	files, _ := golden(f)
	for _, data := range files {
		if len(data) < 6000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if len(p.Pixels) != p.Width*p.Height*p.Channels || len(p.Pixels) == 0 {
			t.Fatalf("%d x %d x %d pixels in %d bytes", p.Width, p.Height, p.Channels, len(p.Pixels))
		}
	})
}
