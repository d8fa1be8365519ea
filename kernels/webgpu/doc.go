// Package webgpu runs programs on a GPU: natively through Vulkan, Metal or Direct3D 12, in the browser through WebGPU.
//
// The kernels are the WGSL files of package shaders; this package gives them memory and parameters. A program is a list
// of dispatches whose bind groups exist from Finish on; a Run uploads the inputs, submits all dispatches in one compute
// pass, copies the outputs into one buffer and maps that once.
//
// # Why is there a uniform buffer with 256-byte slots?
//
// Every step has its own parameters, which never change. One buffer holds them all, each at a multiple of 256 bytes, the
// largest alignment that WebGPU allows an adapter to ask for, and every step has a bind group of its own that points at
// its slot. Dynamic offsets would do with one bind group, but the library under this package ignores them on Vulkan.
//
// # Why do tables stay on the host?
//
// A table of tokens is up to 786 MB, and WebGPU guarantees bindings of 128 MiB only. A Run reads a few dozen rows of it,
// which are looked up on the host and uploaded like an input. They cannot be written straight to where the step's result
// belongs, since that buffer may serve earlier steps: shader map moves them there.
//
// # Why does a bias lie behind its weight?
//
// The cost of a submission grows with every buffer that exists, and of bindings there are eight.
//
// # Why is a pass one step to a context?
//
// Whatever has been submitted runs to its end. Run looks at its context before it uploads and before it submits; work
// for several seconds belongs into several Runs.
//
// # What does a Run allocate?
//
// Nothing here, but the library encodes commands anew for every submission and allocates as it does so. On lavapipe a
// process grows besides: Mesa 22.3 keeps the frames of workgroups that meet at a barrier in a loop, a quarter of a
// megabyte for every dispatch of a product.
//
// # Why are x and w bound twice to a product?
//
// Rows that begin at a multiple of four values are read in fours, and matrices of 16-bit numbers in pairs of words. WGSL gives a
// binding one type, so that the same buffer is bound once for each; what a pipeline does not read costs nothing.
//
// # Why are matrices turned round?
//
// Neighbours in a workgroup compute neighbouring outputs. With the weights of one number of the row side by side for all outputs,
// they read neighbouring addresses, in fours, whatever the precision.
//
// # Where may Run be called in a browser?
//
// In a goroutine, as package kernels says, and so may all that talks to the GPU: Open, Load, Compile, Close.
package webgpu
