package jpeg

// entropy decodes the units of one scan, with libjpeg's way through damaged data.
type entropy struct {
	bitReader
	*scan
	every   int  // units between restarts; 0: none
	toGo    int  // units until the next restart
	next    byte // the number of the next restart marker, 0 to 7
	starved bool // the data ended before a marker: zeros until the next restart
	skip    int  // blocks that a progressive scan says are empty (EOBRUN)
}

// begin is called before every unit. It returns false where the unit stays as it is for want of data.
func (e *entropy) begin() (bool, error) {
	if e.every > 0 {
		if e.toGo == 0 {
			if err := e.restart(); err != nil {
				return false, err
			}
		}
		e.toGo--
	}
	return !e.starved, nil
}

// end is called after every unit that was decoded.
func (e *entropy) end() error {
	if e.ended {
		return broken("the file is truncated inside the picture")
	}
	if e.left < 0 {
		e.starved = true
	}
	return nil
}

// restart finds the restart marker that is due and forgets all state (T.81 F.2.1.3, E.2.4).
func (e *entropy) restart() error {
	e.drop()
	if e.marker == 0 && !e.seek() {
		return broken("the file is truncated inside the picture")
	}
	if e.marker == markRST0+e.next {
		e.marker = 0
	} else if !e.resynchronize() {
		return broken("the file is truncated inside the picture")
	}
	e.next = (e.next + 1) & 7
	e.toGo = e.every
	e.skip = 0
	for _, c := range e.components {
		c.predicted = 0
	}
	if e.marker == 0 {
		e.starved = false
	}
	return nil
}

// seek skips to the next marker.
func (e *entropy) seek() bool {
	for ; e.at+1 < len(e.data); e.at++ {
		if next := e.data[e.at+1]; e.data[e.at] == 0xFF && next != 0 && next != 0xFF {
			e.marker = next
			e.at += 2
			return true
		}
	}
	e.at = len(e.data)
	return false
}

// resynchronize decides, as libjpeg's jpeg_resync_to_restart does, what a marker means that is not the restart marker
// due: one of the last two came late and is skipped, one of the next two or another kind of marker means that data
// is lost and stays for later, and anything else is taken for the marker that was due.
func (e *entropy) resynchronize() bool {
	for {
		ahead := (e.marker - markRST0 - e.next) & 7
		switch {
		case e.marker < markSOF0:
		case e.marker < markRST0 || e.marker > markRST7:
			return true
		case ahead == 1 || ahead == 2:
			return true
		case ahead == 7 || ahead == 6:
		default:
			e.marker = 0
			return true
		}
		e.marker = 0
		if !e.seek() {
			return false
		}
	}
}

// position is where the bytes after the scan begin.
func (e *entropy) position() int {
	if e.marker != 0 {
		return e.at - 2
	}
	return e.at
}

// decodeScan decodes the coded data after a scan header to stored coefficients.
func (d *decoder) decodeScan(e *entropy) error {
	var err error
	if len(e.components) == 1 {
		err = e.singleScan(d.blockDecoder(e))
	} else {
		err = e.interleavedScan(d.frame, d.blockDecoder(e))
	}
	d.at = e.position()
	return err
}

// singleScan decodes a scan of one component, whose units are the blocks that belong to the picture.
func (e *entropy) singleScan(decode func(*component, *[64]int16)) error {
	c := e.components[0]
	for down := range c.blocksDown {
		for across := range c.blocksAcross {
			ok, err := e.begin()
			if err != nil {
				return err
			}
			if !ok {
				if e.every == 0 {
					return nil
				}
				continue
			}
			decode(c, c.block(across, down))
			if err := e.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// interleavedScan decodes a scan whose units hold h x v blocks of each component (T.81 A.2.3).
func (e *entropy) interleavedScan(f *frame, decode func(*component, *[64]int16)) error {
	for unitDown := range f.mcusDown {
		for unitAcross := range f.mcusAcross {
			ok, err := e.begin()
			if err != nil {
				return err
			}
			if !ok {
				if e.every == 0 {
					return nil
				}
				continue
			}
			for _, c := range e.components {
				for y := range c.v {
					for x := range c.h {
						decode(c, c.block(unitAcross*c.h+x, unitDown*c.v+y))
					}
				}
			}
			if err := e.end(); err != nil {
				return err
			}
		}
	}
	return nil
}
