package jpeg

// zigzag gives the place in an 8 x 8 block, row by row, of the k-th coefficient of the file (T.81 figure A.6). The
// sixteen entries past the end catch runs that damaged data lets go too far: they land on the last coefficient.
var zigzag = [64 + 16]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63,
	63, 63, 63, 63, 63, 63, 63, 63,
}

func (d *decoder) takeQuantizers(segment []byte) error {
	for len(segment) > 0 {
		wide, slot := segment[0]>>4, segment[0]&15
		segment = segment[1:]
		if slot > 3 {
			return broken("quantization table %d", slot)
		}
		step := 1
		if wide != 0 {
			step = 2
		}
		if len(segment) < 64*step {
			return broken("quantization table cut short")
		}
		table := new([64]int16) // libjpeg keeps 16 bits and lets larger ones wrap
		for k := range table {
			if step == 2 {
				table[zigzag[k]] = int16(segment[2*k])<<8 | int16(segment[2*k+1])
			} else {
				table[zigzag[k]] = int16(segment[k])
			}
		}
		d.quantizers[slot] = table
		segment = segment[64*step:]
	}
	return nil
}

func (d *decoder) takeHuffman(segment []byte) error {
	for len(segment) > 0 {
		if len(segment) < 17 {
			return broken("Huffman table cut short")
		}
		class, slot := segment[0]>>4, segment[0]&15
		counts := segment[1:17]
		total := 0
		for _, n := range counts {
			total += int(n)
		}
		if class > 1 || slot > 3 {
			return broken("Huffman table %#02x", segment[0])
		}
		if total > 256 || total > len(segment)-17 {
			return broken("Huffman table cut short")
		}
		table := newHuffman(counts, segment[17:17+total])
		if class == 0 {
			d.dcTables[slot] = table
		} else {
			d.acTables[slot] = table
		}
		segment = segment[17+total:]
	}
	return nil
}

// typicalTables are those that T.81 section K.3 gives. Motion JPEG frames leave them out, and libjpeg puts them in.
var typicalTables = [2]struct {
	dc, ac struct{ counts, symbols string }
}{
	{ // luminance
		dc: struct{ counts, symbols string }{"\x00\x01\x05\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
		ac: struct{ counts, symbols string }{"\x00\x02\x01\x03\x03\x02\x04\x03\x05\x05\x04\x04\x00\x00\x01\x7d", "" +
			"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08" +
			"\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
			"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59" +
			"\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
			"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6" +
			"\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
			"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"},
	},
	{ // chrominance
		dc: struct{ counts, symbols string }{"\x00\x03\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"},
		ac: struct{ counts, symbols string }{"\x00\x02\x01\x02\x04\x04\x03\x04\x07\x05\x04\x04\x00\x01\x02\x77", "" +
			"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91" +
			"\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
			"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58" +
			"\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
			"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4" +
			"\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
			"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"},
	},
}

// fillTables puts typical tables into the slots that are still empty when a sequential scan begins.
func (d *decoder) fillTables() {
	build := func(table *huffman, source struct{ counts, symbols string }) *huffman {
		if table != nil {
			return table
		}
		return newHuffman([]byte(source.counts), []byte(source.symbols))
	}
	for slot, typical := range typicalTables {
		d.dcTables[slot] = build(d.dcTables[slot], typical.dc)
		d.acTables[slot] = build(d.acTables[slot], typical.ac)
	}
}
