// Package ftfy repairs text that went through the wrong encoding or a careless editor, as version 6.3 of the Python
// package ftfy ("fixes text for you", Robyn Speer, Apache-2.0) does with its default settings. OpenAI's and open_clip's
// tokenizers run every caption through it, so that a text's tokens depend on it.
//
// The work is done line by line, and on each line until nothing changes any more:
//
//   - HTML entities with a semicolon are resolved, until a line has held a "<";
//   - mojibake ("cafÃ©" for "café") is undone: where a heuristic finds characters that hardly ever meet, the text is
//     encoded in the single-byte encodings that it could have been read in, and decoded as UTF-8;
//   - C1 controls, ligatures, full and half width, curly quotes and line breaks become ordinary characters;
//   - terminal escapes and invisible control characters go; the rest becomes Unicode's form C.
//
// # Why a budget?
//
// A line that is repaired step by step can need as many steps as it has characters ("&amp;amp;amp;…"), each over the
// whole line. The original takes hours for a megabyte of such text; here a line that has used up the text's budget of
// steps stays as it is. No text below a few thousand characters can meet that limit.
package ftfy
