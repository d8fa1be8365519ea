package jpeg

// queue gathers blocks, so that vector code transforms as many at once as it likes to.
type queue struct {
	blocks [queueLength][64]int16 // zero where nothing waits
	wait   [queueLength]waiting
	length int
}

// waiting is where the samples of a block go. Package lanes knows its layout in a browser.
type waiting struct {
	out       []byte
	stride    int
	quantizer *[64]int16
	last      int
}

// free is the block that add will take: zero, to be filled.
func (q *queue) free() *[64]int16 { return &q.blocks[q.length] }

// add takes a block to transform; last is the last index, in the order of the file, that may hold a coefficient.
func (q *queue) add(out []byte, stride int, quantizer *[64]int16, last int) {
	block := q.free()
	if last == 0 {
		flat(out, stride, int32(block[0]*quantizer[0]<<2))
		block[0] = 0
		return
	}
	q.wait[q.length] = waiting{out, stride, quantizer, last}
	if q.length++; q.length == len(q.blocks) {
		q.flush()
	}
}

// flush transforms what waits.
func (q *queue) flush() {
	if transformWaiting(q) {
		clear(q.blocks[:q.length])
		q.length = 0
		return
	}
	for i := range q.length {
		w := &q.wait[i]
		transform(w.out, w.stride, &q.blocks[i], w.quantizer, w.last)
		q.blocks[i] = [64]int16{}
	}
	q.length = 0
}
