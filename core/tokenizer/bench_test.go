package tokenizer

import (
	"strings"
	"testing"
)

const caption = "a photo of two people riding a tandem bicycle down a cobbled street at dusk."

func BenchmarkEncode(b *testing.B) {
	texts := map[string]string{
		"caption":                     caption,
		"accents":                     "Une photo d’un café à l’été, très naïve — 東京の猫",
		"megabyte of words":           strings.Repeat("antidisestablishmentarianism ", 36_000),
		"megabyte in one word":        strings.Repeat("antidisestablishmentarianism", 37_500),
		"megabyte of mojibake":        strings.Repeat("cafÃ© â€œquotedâ€\u009d ", 43_000),
		"megabyte of nested entities": "&" + strings.Repeat("amp;", 250_000),
	}
	for name, text := range texts {
		for _, dialect := range []Dialect{OpenAI, HuggingFace} {
			b.Run(name+"/"+dialect.String(), func(b *testing.B) {
				t, err := CLIP(dialect)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					t.Encode(text, 77)
				}
			})
		}
	}
}

func BenchmarkLoadCarried(b *testing.B) {
	for b.Loop() {
		v, err := readCarried()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.bpe(none); err != nil {
			b.Fatal(err)
		}
	}
}
