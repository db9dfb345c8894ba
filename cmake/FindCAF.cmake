# CAF's core, as CAF::core: Debian's 0.17 has no CMake package. The io module is not used.
include(MurmImport)
murm_import(CAF::core HEADER caf/all.hpp LIBRARY caf_core PACKAGE libcaf-dev)
target_link_libraries(CAF::core INTERFACE Threads::Threads)
set(CAF_FOUND TRUE)
