// Command wasm is goclip for browsers and Node: a js/wasm program that sets
//
//	globalThis.goclip = { version, load(source, options) }
//
// and then waits for calls. README.md beside this file shows how to start it and lists what load takes and gives.
//
//	main.go      the global object
//	load.go      load and its options
//	source.go    where a model can come from: an address, a path, files, bytes
//	remote.go    a model folder behind an address, fetched file by file
//	blob.go      files that are Blobs, read piece by piece
//	clip.go      what load resolves to, and its classifiers
//	images.go    what counts as a picture
//	tensors.go   typed arrays in and out
//	objects.go   Go values behind JavaScript objects
//	promise.go   goroutines behind promises
//	failure.go   errors with a code
//	pack         makes the built program smaller to download
//
// # Why does every call start a goroutine?
//
// A JavaScript callback must return before any promise can settle: waiting inside it for a fetch would wait for ever. Each
// call therefore returns its promise at once, and a goroutine settles it.
//
// # Why are files Blobs?
//
// A wasm program has at most 4 GiB and never gives memory back. A checkpoint stays a Blob outside that memory, which a
// browser may keep on disk, and core reads one tensor at a time from it. Every source, fetched or given, becomes Blobs, so
// there is one way of reading.
package main
