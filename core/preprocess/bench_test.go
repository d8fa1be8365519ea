package preprocess

import "testing"

// BenchmarkDecode decodes a JPEG file of 12 million pixels.
func BenchmarkDecode(b *testing.B) {
	data := golden(b, "large.jpg")
	b.SetBytes(4000 * 3000 * 3)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApply shrinks 12 million pixels to a tower's 224 x 224.
func BenchmarkApply(b *testing.B) {
	p, err := Decode(golden(b, "large.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	squash := OpenAI(224)
	squash.Resize = Exact
	for name, c := range map[string]Config{"crop": OpenAI(224), "squash": squash} {
		for turn, p := range map[string]*Picture{"wide": p, "tall": {mode: RGB, width: p.height, height: p.width, pixels: p.pixels}} {
			b.Run(name+"/"+turn, func(b *testing.B) {
				var r Result
				b.ReportAllocs()
				for b.Loop() {
					if err := c.ApplyTo(&r, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
