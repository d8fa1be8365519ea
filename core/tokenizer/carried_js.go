package tokenizer

// A page loads clip_merges.txt only with a model that needs it.
var carriedMerges []byte
