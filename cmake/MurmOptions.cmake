# How every file of this project is compiled: warnings, hardening, sanitizers, faster rebuilds.

include(CheckLinkerFlag)
include(CheckCXXCompilerFlag)

find_program(MURM_CCACHE ccache)
mark_as_advanced(MURM_CCACHE)
if(MURM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MURM_CCACHE}")
endif()

# -O3 because the element-wise loops are worth vectorising; -g1 is enough for a readable backtrace.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O3 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

# One result wherever a formula is inlined: no contraction into fused multiply-adds, and no
# -march=native, so the program runs on the neighbour's machine as well.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>
  $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false>)

add_library(murm_options INTERFACE)
target_compile_options(murm_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wconversion,-Wshadow>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${MURM_WERROR}>>:-Werror>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${MURM_WERROR}>>:-Werror=all-warnings>)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports -Wrestrict inside std::string's operator+ (GCC bug 105651).
  target_compile_options(murm_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()

target_compile_options(murm_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>)
check_cxx_compiler_flag(-fcf-protection MURM_HAS_CF_PROTECTION)
if(MURM_HAS_CF_PROTECTION)
  target_compile_options(murm_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fcf-protection>)
endif()
target_compile_definitions(murm_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_link_options(murm_options INTERFACE -Wl,-z,relro -Wl,-z,now)

if(MURM_SANITIZE)
  set(sanitize -fsanitize=${MURM_SANITIZE} -fno-sanitize-recover=all)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${sanitize};-fno-omit-frame-pointer>")
  add_link_options(${sanitize})
else()
  target_compile_options(murm_options INTERFACE
    "$<$<AND:$<CONFIG:RelWithDebInfo>,$<COMPILE_LANGUAGE:CXX>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()

if(MURM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "MURM_FUZZ needs clang. HINT: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

check_linker_flag(CXX -fuse-ld=mold MURM_HAS_MOLD)
if(MURM_HAS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
