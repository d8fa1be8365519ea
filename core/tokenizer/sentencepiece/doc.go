// Package sentencepiece reads SentencePiece models (Kudo and Richardson 2018) and encodes texts as their original
// implementation does: normalisation by a precompiled character map (charsmap.go), then the unigram model's most probable
// pieces (unigram.go). The parts are exported, because Hugging Face's tokenizer.json holds them one by one.
//
//	tokenizer.model, spiece.model, sentencepiece.bpe.model   a protobuf message   model.go
package sentencepiece
