//go:build !(js && wasm) && !darwin && !ios

package webgpu

// Backends register themselves. They are imported one by one and never as hal/allbackends: that adds a software renderer
// whose barriers do nothing, so that tiled products come out wrong without an error, and OpenGL, which cannot compile
// them. On Apple's systems Metal comes alone, since Vulkan would be a translation to it.
import _ "github.com/gogpu/wgpu/hal/vulkan"
