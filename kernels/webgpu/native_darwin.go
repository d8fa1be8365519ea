package webgpu

import _ "github.com/gogpu/wgpu/hal/metal" // see native_vulkan.go
