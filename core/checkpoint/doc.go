// Package checkpoint opens checkpoints as they were published and reads their tensors one at a time. Nothing in a file
// is ever run: not a pickle's globals, not a TorchScript archive's code.
//
//	safetensors     safetensors.go   a JSON header and the data behind it
//	PyTorch zip     torchzip.go      torch.save since 1.6: a pickle and one archive member a storage
//	TorchScript     torchzip.go      torch.jit.save (OpenAI's .pt): the same archive, modules instead of a dictionary
//	PyTorch legacy  torchlegacy.go   torch.save before 1.6: pickles and storages one after another
//	GGUF            gguf.go          ggml's, as clip.cpp writes it: keys, tensors, quantized blocks
//	NumPy archive   npz.go           a zip archive of .npy arrays, as big_vision publishes its models
//	index of shards index.go         *.index.json: which file beside it holds which tensor
//
// The format is told from a file's first bytes, never from its name. [Open] reads headers only; [Checkpoint.Floats] and
// [Checkpoint.Ints] read one tensor each, so that peak memory is that tensor.
//
// # Why a pickle machine of our own?
//
// A pickle is a program for a stack machine that may call any function it can name. The machine in pickle.go knows the
// instructions that PyTorch writes and the few names that build tensors (globals.go); it refuses every other name and
// says which. It counts the memory of what it builds, so that a small hostile file cannot ask for much.
//
// # Why mmap, and what if the file shrinks?
//
// On Linux and macOS a file on disk is mapped read-only: the kernel then keeps one copy of the weights, however many
// programs use them, and drops it when memory is short. Sizes are checked against the file as it was when it was
// opened. A file that another program cuts short later raises a fault on the page that is gone; it is caught and
// reported as an error (file.go). A file that is overwritten in place gives whatever bytes are there now, as with
// ordinary reading.
//
// # Why are gaps refused?
//
// As in the safetensors library, tensors must cover the data without gap or overlap to the last byte: no hidden data,
// no two names for the same bytes, and a truncated download is noticed before anything is computed.
package checkpoint
