package preprocess

import (
	"compress/lzw"
	"encoding/binary"
	"io"
)

// gifReader walks over the blocks of a GIF file (GIF89a specification).
type gifReader struct {
	data  []byte
	short bool // something was read past the end
}

// take returns the next n bytes, fewer at the end of the file.
func (g *gifReader) take(n int) []byte {
	if n > len(g.data) {
		n, g.short = len(g.data), true
	}
	taken := g.data[:n:n]
	g.data = g.data[n:]
	return taken
}

// subBlock returns the next data block, empty at the end of a chain.
func (g *gifReader) subBlock() []byte {
	size := g.take(1)
	if len(size) == 0 {
		return nil
	}
	return g.take(int(size[0]))
}

// gifColors reads a colour table. A table that maps every index to its own gray is none for Pillow: the picture is gray.
func (g *gifReader) gifColors(flags byte) *palette {
	table := g.take(3 << (flags&7 + 1))
	p := newPalette()
	plain := true
	for i := range len(table) / 3 {
		c := [3]byte(table[3*i:])
		p.colors[i] = c
		plain = plain && c == [3]byte{byte(i), byte(i), byte(i)}
	}
	if plain {
		return nil
	}
	return p
}

// decodeGIF decodes the first frame onto the whole screen. What it does not cover has index 0, or the transparent index,
// never the background's: Pillow ignores that.
func decodeGIF(data []byte) (*Picture, error) {
	g := &gifReader{data: data[6:]}
	screen := g.take(7)
	if g.short {
		return nil, notImage("GIF cut short")
	}
	width, height := int(binary.LittleEndian.Uint16(screen)), int(binary.LittleEndian.Uint16(screen[2:]))
	var colors *palette
	if screen[4]&0x80 != 0 {
		colors = g.gifColors(screen[4])
	}
	transparent := -1
	for {
		switch kind := g.take(1); {
		case g.short || kind[0] == ';':
			return nil, notImage("GIF without a picture")
		case kind[0] == '!':
			label, block := g.take(1), g.subBlock()
			if len(label) == 1 && label[0] == 0xF9 && len(block) >= 4 && block[0]&1 != 0 {
				transparent = int(block[3])
			}
			for len(block) > 0 {
				block = g.subBlock()
			}
		case kind[0] == ',':
			return g.frame(width, height, colors, transparent)
		}
	}
}

func (g *gifReader) frame(width, height int, colors *palette, transparent int) (*Picture, error) {
	head := g.take(9)
	if g.short {
		return nil, notImage("GIF cut short")
	}
	left, top := int(binary.LittleEndian.Uint16(head)), int(binary.LittleEndian.Uint16(head[2:]))
	across, down := int(binary.LittleEndian.Uint16(head[4:])), int(binary.LittleEndian.Uint16(head[6:]))
	width, height = max(width, left+across), max(height, top+down) // the screen grows if it must
	if err := checkSize("GIF", uint64(width), uint64(height), 1); err != nil {
		return nil, err
	}
	if err := checkSize("GIF frame", uint64(across), uint64(down), 1); err != nil {
		return nil, err
	}
	if head[8]&0x80 != 0 {
		colors = g.gifColors(head[8])
	}
	mode := Indexed
	if colors == nil {
		mode = Gray
	}
	codeSize := g.take(1)
	if g.short || codeSize[0] < 2 || codeSize[0] > 8 {
		return nil, notImage("GIF with a bad code size")
	}
	// LZW codes have at most 12 bits and stand for at most 4096 pixels each.
	if uint64(len(g.data))*8/3*4096 < uint64(across*down) {
		return nil, notImage("GIF with too little image data")
	}
	picture := newPicture(mode, width, height)
	picture.palette = colors
	if transparent >= 0 {
		for i := range picture.pixels {
			picture.pixels[i] = byte(transparent)
		}
		if mode == Indexed {
			colors.alpha[transparent], colors.transparent = 0, true
		} else {
			gray := byte(transparent)
			picture.key = &[3]byte{gray, gray, gray}
		}
	}
	codes := lzw.NewReader(&gifBlocks{gif: g}, lzw.LSB, int(codeSize[0]))
	passes := [][2]int{{0, 1}}
	if head[8]&0x40 != 0 {
		passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	for _, pass := range passes {
		for y := pass[0]; y < down; y += pass[1] {
			row := picture.row(top + y)[left : left+across]
			if _, err := io.ReadFull(codes, row); err != nil {
				return nil, notImage("GIF image data: %v", cutShort(err))
			}
		}
	}
	return picture, nil
}

// gifBlocks reads a chain of data blocks byte by byte. A block that is cut short counts as missing.
type gifBlocks struct {
	gif   *gifReader
	block []byte
}

// ReadByte implements io.ByteReader, which keeps package lzw from reading ahead.
func (b *gifBlocks) ReadByte() (byte, error) {
	if len(b.block) == 0 {
		if b.block = b.gif.subBlock(); len(b.block) == 0 || b.gif.short {
			return 0, io.EOF
		}
	}
	v := b.block[0]
	b.block = b.block[1:]
	return v, nil
}

// Read implements io.Reader.
func (b *gifBlocks) Read(p []byte) (int, error) {
	for i := range p {
		v, err := b.ReadByte()
		if err != nil {
			return i, err
		}
		p[i] = v
	}
	return len(p), nil
}
