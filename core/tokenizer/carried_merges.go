//go:build !js

package tokenizer

import _ "embed"

// The merges of OpenAI's CLIP, as its bpe_simple_vocab_16e6.txt.gz begins; CLIP uses no more of them.
//
//go:embed clip_merges.txt.gz
var carriedMerges []byte
