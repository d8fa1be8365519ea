// Package tokenizer turns texts into the ids that a text tower reads.
//
// CLIP's tokenizer is a byte-level BPE: a text is cleaned, cut into words, digits and runs of punctuation, and each of
// these pieces is joined from its bytes by a ranked list of merges. What "cleaned" means depends on whose code trained or
// wrapped the model, and so do the ids of texts with unusual characters; a Dialect says which code to follow.
//
// The other families have tokenizers of their own, which Open tells from a folder's files: SentencePiece for SigLIP and
// XLM-R (package sentencepiece), a BPE of characters for SigLIP 2, WordPiece for BERT, a BPE of bytes for RoBERTa. They
// are pipelines of the same steps (pipeline.go).
//
// # Notice
//
// The vocabulary in clip_merges.txt.gz is part of OpenAI's CLIP, https://github.com/openai/CLIP:
// Copyright (c) 2021 OpenAI, under the MIT License: "Permission is hereby granted, free of charge, to any person
// obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without
// restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
// and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the
// following conditions: The above copyright notice and this permission notice shall be included in all copies or
// substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
// NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE
// OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."
package tokenizer
