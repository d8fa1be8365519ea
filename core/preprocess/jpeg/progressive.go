package jpeg

// blockDecoder chooses how the blocks of a stored scan are decoded, and notes how exact its coefficients become.
func (d *decoder) blockDecoder(e *entropy) func(*component, *[64]int16) {
	if !d.frame.progressive {
		return func(c *component, block *[64]int16) { e.sequential(c, block) }
	}
	for _, c := range e.components {
		for k := e.first; k <= e.last; k++ {
			c.low[k] = int8(e.low)
		}
	}
	switch {
	case e.first == 0 && e.high == 0:
		return e.firstDC
	case e.first == 0:
		return e.refineDC
	case e.high == 0:
		return e.firstAC
	}
	return e.refineAC
}

// firstDC decodes the first bits of a DC coefficient (T.81 G.1.2.1).
func (e *entropy) firstDC(c *component, block *[64]int16) {
	size := e.symbol(c.dc)
	if size > 0 {
		c.predicted += extend(e.bits(size), size)
	}
	block[0] = int16(c.predicted << uint(e.low))
}

// refineDC decodes one more bit of a DC coefficient.
func (e *entropy) refineDC(_ *component, block *[64]int16) {
	if e.bits(1) != 0 {
		block[0] |= 1 << uint(e.low)
	}
}

// firstAC decodes the first bits of a band of AC coefficients (T.81 G.1.2.2).
func (e *entropy) firstAC(c *component, block *[64]int16) {
	if e.skip > 0 {
		e.skip--
		return
	}
	if e.roomy() {
		e.quickFirstAC(c, block)
		return
	}
	for k := e.first; k <= e.last; k++ {
		symbol := e.symbol(c.ac)
		run, size := symbol>>4, symbol&15
		if size == 0 {
			if run != 15 {
				e.skip = 1<<uint(run) + e.bits(run) - 1
				return
			}
			k += 15
			continue
		}
		k += run
		block[zigzag[k]] = int16(extend(e.bits(size), size) << uint(e.low))
	}
}

// refineAC decodes one more bit of a band of AC coefficients (T.81 G.1.2.3): a correction for each that is not zero,
// and new ones of the last place between them.
func (e *entropy) refineAC(c *component, block *[64]int16) {
	plus, minus := int16(1)<<uint(e.low), int16(-1)<<uint(e.low)
	k := e.first
	if e.skip == 0 {
		for ; k <= e.last; k++ {
			symbol := e.symbol(c.ac)
			run, fresh := symbol>>4, int16(0)
			if symbol&15 != 0 { // must be 1; libjpeg takes others for it
				fresh = minus
				if e.bits(1) != 0 {
					fresh = plus
				}
			} else if run != 15 {
				e.skip = 1<<uint(run) + e.bits(run)
				break
			}
			for ; k <= e.last; k++ {
				at := &block[zigzag[k]]
				if *at != 0 {
					e.correct(at, plus, minus)
					continue
				}
				if run == 0 {
					break
				}
				run--
			}
			if fresh != 0 {
				block[zigzag[k]] = fresh
			}
		}
	}
	if e.skip > 0 {
		for ; k <= e.last; k++ {
			if at := &block[zigzag[k]]; *at != 0 {
				e.correct(at, plus, minus)
			}
		}
		e.skip--
	}
}

// correct reads the correction bit of a coefficient that is not zero.
func (e *entropy) correct(at *int16, plus, minus int16) {
	if e.bits(1) == 0 || *at&plus != 0 {
		return
	}
	if *at >= 0 {
		*at += plus
	} else {
		*at += minus
	}
}

// quickFirstAC is firstAC where the data is roomy.
func (e *entropy) quickFirstAC(c *component, block *[64]int16) {
	data, at, acc, left := e.data, e.at, e.acc, e.left
	for k := e.first; k <= e.last; k++ {
		if left < quickNeed {
			acc, left, at = refill(data, acc, left, at)
		}
		entry := c.ac.next(acc)
		acc <<= entry & 63
		left -= int(entry & 63)
		run, value := entry>>8&255, int16(entry>>16)
		if run&endOfBlock != 0 {
			run &= 15
			e.skip = 1<<run + int(acc>>1>>(63-run)) - 1
			acc <<= run
			left -= int(run)
			break
		}
		if k += int(run); value != 0 {
			block[zigzag[k]&63] = value << uint(e.low)
		}
	}
	e.at, e.acc, e.left = at, acc, left
}

// smoothed tells whether libjpeg would blur the blocks of a progressive picture, because all components have their
// DC coefficients and one lacks some of its low AC coefficients at the end.
func (f *frame) smoothed() bool {
	rough := false
	for _, c := range f.components {
		if c.low[0] < 0 || c.quantizer == nil {
			return false
		}
		for k := range 10 {
			if c.quantizer[zigzag[k]] == 0 {
				return false
			}
			rough = rough || k > 0 && c.low[k] != 0
		}
	}
	return f.progressive && rough
}
