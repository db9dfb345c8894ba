# libtorch, the target `torch`, for murm-torch and the tests that compare with PyTorch; nothing else links it.
# MURM_HAS_TORCH says whether it is there. Sanitizers see what libtorch does as our doing, so they go without.
set(MURM_TORCH AUTO CACHE STRING "murm-torch, which trains TorchScript modules: AUTO, ON or OFF")
set_property(CACHE MURM_TORCH PROPERTY STRINGS AUTO ON OFF)
set(MURM_HAS_TORCH FALSE)

if(NOT MURM_TORCH MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "MURM_TORCH is '${MURM_TORCH}', expected AUTO, ON or OFF")
elseif(MURM_TORCH STREQUAL "ON" OR (MURM_TORCH STREQUAL "AUTO" AND NOT MURM_SANITIZE))
  set(log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)  # its package lists all that it looks at
  find_package(Torch QUIET)
  set(CMAKE_MESSAGE_LOG_LEVEL "${log_level}")
  set(MURM_HAS_TORCH ${Torch_FOUND})
endif()

if(MURM_HAS_TORCH)
  message(STATUS "murm-torch: built with libtorch ${Torch_VERSION}")
elseif(MURM_TORCH STREQUAL "ON")
  message(FATAL_ERROR "MURM_TORCH=ON, and libtorch was not found. HINT: install libtorch-dev, or -DMURM_TORCH=OFF")
else()
  message(STATUS "murm-torch: not built (needs libtorch-dev)")
endif()
