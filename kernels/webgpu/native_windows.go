package webgpu

import _ "github.com/gogpu/wgpu/hal/dx12" // see native_vulkan.go
