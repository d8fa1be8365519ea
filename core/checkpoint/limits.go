package checkpoint

// What a file may ask for. Real checkpoints stay far below; the limits keep what a hostile one costs below 1 GiB of
// memory and a few seconds.
const (
	// maxHeader is the longest JSON header, as in the safetensors library.
	maxHeader = 100_000_000
	// maxTensors bounds the tensors of one file. The largest CLIP has about 2,000, a training checkpoint three times
	// that.
	maxTensors = 1 << 17
	// maxName bounds the bytes of a tensor's name.
	maxName = 1024
	// maxDims bounds the dimensions of a tensor, as in PyTorch.
	maxDims = 64
	// maxIndex and maxShards bound an index of shards.
	maxIndex, maxShards = 32 << 20, 1024
	// maxPickle bounds the bytes of a pickle, which lists tensors and does not hold their data.
	maxPickle = 64 << 20
	// maxPickleMemory bounds what a pickle builds, counted by the unpickler.
	maxPickleMemory = 224 << 20
	// maxMemo bounds how many values a pickle may number for later use.
	maxMemo = 1 << 21
	// maxDirectory bounds how much of a zip archive is read to learn its members.
	maxDirectory = 32 << 20
	// maxRepeated is how many elements a tensor may have beyond those stored (a stride of 0 repeats them).
	maxRepeated = 1 << 20
	// maxWhole is the largest file that is read whole because its file system can only read it from the beginning.
	maxWhole = 256 << 20
	// window is how much of a file is read at a time.
	window = 4 << 20
)
