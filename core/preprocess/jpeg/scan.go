package jpeg

// scan is what a scan header says (T.81 B.2.3).
type scan struct {
	components  []*component
	first, last int // coefficients, in the order of the file
	high, low   int // bits: high was known before, low is the place of the last one now
}

// takeScan reads a scan header and decodes the scan, unless the picture is streamed.
func (d *decoder) takeScan(segment []byte) error {
	f := d.frame
	if f == nil {
		return broken("a scan before the frame header")
	}
	if d.streamed {
		return broken("a scan after the last one")
	}
	if d.scans++; d.scans > maxScans || d.scans > maxWork/f.blocks() {
		return tooLarge("more than %d scans of %d x %d pixels", d.scans-1, f.width, f.height)
	}
	if len(segment) < 1 || len(segment) != 4+2*int(segment[0]) {
		return broken("scan header of %d bytes", len(segment))
	}
	count := int(segment[0])
	if count < 1 || count > 4 {
		return broken("a scan of %d components", count)
	}
	tail := segment[1+2*count:]
	s := &scan{first: int(tail[0]), last: int(tail[1]), high: int(tail[2] >> 4), low: int(tail[2] & 15)}
	blocks := 0
	for i := range count {
		id, tables := segment[1+2*i], segment[2+2*i]
		c := f.find(id, s.components)
		if c == nil {
			return broken("a scan of component %d, which the frame does not have", id)
		}
		s.components = append(s.components, c)
		blocks += c.h * c.v
		if err := d.prepare(c, s, int(tables>>4), int(tables&15)); err != nil {
			return err
		}
	}
	if count > 1 && blocks > 10 { // T.81 B.2.3
		return broken("%d blocks in a unit, 10 are allowed", blocks)
	}
	if f.progressive {
		if err := s.checkProgression(); err != nil {
			return err
		}
	}
	if d.scans == 1 {
		if err := d.allocate(s); err != nil {
			return err
		}
	}
	e := &entropy{bitReader: bitReader{data: d.data, at: d.at}, scan: s, every: d.restart, toGo: d.restart}
	for _, c := range s.components {
		c.predicted = 0
	}
	if d.streamed {
		d.stream = e
		return nil
	}
	return d.decodeScan(e)
}

// find returns the component with this identifier that the scan does not have yet.
func (f *frame) find(id byte, taken []*component) *component {
next:
	for _, c := range f.components {
		if c.id != id {
			continue
		}
		for _, t := range taken {
			if t == c {
				continue next
			}
		}
		return c
	}
	return nil
}

// prepare gives a component the tables that its scan names.
func (d *decoder) prepare(c *component, s *scan, dc, ac int) error {
	if c.quantizer == nil { // the table at the first scan of a component counts
		if c.quantizer = d.quantizers[c.slot]; c.quantizer == nil {
			return broken("quantization table %d is missing", c.slot)
		}
	}
	if !d.frame.progressive {
		d.fillTables()
	}
	var err error
	if !d.frame.progressive || s.first == 0 && s.high == 0 {
		if c.dc, err = usable(d.dcTables, dc); err == nil && c.dc.largest > 15 {
			err = broken("Huffman table %d is not for DC coefficients", dc)
		}
	}
	if err == nil && (!d.frame.progressive || s.first > 0) {
		c.ac, err = usable(d.acTables, ac)
	}
	return err
}

// usable returns a Huffman table that a scan needs.
func usable(tables [4]*huffman, slot int) (*huffman, error) {
	if slot > 3 || tables[slot] == nil {
		return nil, broken("Huffman table %d is missing", slot)
	}
	if tables[slot].err == nil {
		tables[slot].fillQuick()
	}
	return tables[slot], tables[slot].err
}

// checkProgression holds a progressive scan header against T.81 G.1.1.1.
func (s *scan) checkProgression() error {
	bad := s.high != 0 && s.low != s.high-1 || s.low > 13
	if s.first == 0 {
		bad = bad || s.last != 0
	} else {
		bad = bad || s.last < s.first || s.last > 63 || len(s.components) != 1
	}
	if bad {
		return broken("progressive scan of coefficients %d to %d, bits %d to %d, %d components", s.first, s.last, s.high, s.low, len(s.components))
	}
	return nil
}

// blocks counts the blocks of all components.
func (f *frame) blocks() int {
	blocks := 0
	for _, c := range f.components {
		blocks += c.paddedAcross * c.paddedDown
	}
	return blocks
}

// allocate checks what the picture will take and gets the memory for coefficients: a sequential file with everything in one
// scan is brought to pixels as it is read, others keep theirs until the end.
func (d *decoder) allocate(s *scan) error {
	f := d.frame
	pixels, blocks := f.width*f.height*len(f.components), f.blocks()
	d.streamed = !f.progressive && len(s.components) == len(f.components)
	memory := pixels
	if !d.streamed {
		memory += 128 * blocks
	}
	if memory > maxMemory {
		return tooLarge("%d x %d pixels in several scans take %d MiB to decode, %d are allowed", f.width, f.height, memory>>20, maxMemory>>20)
	}
	// A scan has at least a bit for every block. Files that are cut short and closed again are shown as far as they
	// go, but not those that claim a large picture and hold next to nothing.
	if rest := len(d.data) - d.at; rest < blocks/64 {
		return broken("%d bytes are too few for %d x %d pixels", rest, f.width, f.height)
	}
	if d.streamed {
		return nil
	}
	for _, c := range f.components {
		c.coefficients = make([]int16, 64*c.paddedAcross*c.paddedDown)
	}
	return nil
}
