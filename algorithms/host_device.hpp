// One macro: marks an element-wise body that nvcc compiles for the device as well.
// Room: algorithms. The only trace of a device in this room.
// Caller: element-wise bodies of optimizers and codecs.
#pragma once

#ifdef __CUDACC__
#define MURM_HOST_DEVICE __host__ __device__
#else
#define MURM_HOST_DEVICE
#endif
