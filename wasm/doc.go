// Command wasm is goclip for browsers and Node: a js/wasm program that sets
//
//	globalThis.goclip = { version, load(source, options), cache: { list(), clear(address) } }
//
// and then waits for calls. README.md beside this file shows how to start it and lists what load takes and gives.
//
//	main.go      the global object
//	load.go      load and its options
//	source.go    where a model can come from: an address, a path, files, bytes
//	remote.go    a model folder behind an address
//	download.go  a file behind an address, fetched where it is read
//	stream.go    what is arriving
//	fetch.go     requests and what their answers say
//	keep.go      what is kept, and what is still the same
//	store.go     the browser's Cache Storage
//	cache.go     what is kept, for the page
//	limit.go     models that are too large
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
// # Where are weights while they are loaded?
//
// A wasm program has at most 4 GiB and never gives memory back. A checkpoint stays outside that memory: a Blob, the browser's
// Cache Storage, or the server that has it. core reads one tensor at a time.
package main
