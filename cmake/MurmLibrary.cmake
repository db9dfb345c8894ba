# One function for each kind of target; every list of files is written out, nothing is globbed.

# murm_library(<room> HEADERS a.hpp ... SOURCES a.cpp b.capnp ... DEPENDS <rooms> LIBRARIES <targets>)
# -> static library murm_<room>, or an INTERFACE library where a room has headers only.
# DEPENDS are the arrows of docs/architecture.md. A .capnp source is compiled by capnp, and its
# header is included as "<room>/<file>.capnp.h". Each header is also compiled alone by the target
# all_verify_interface_header_sets.
function(murm_library room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;DEPENDS;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "murm_library(${room}): unexpected '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  set(target murm_${room})
  set(schemas ${arg_SOURCES})
  list(FILTER schemas INCLUDE REGEX "\\.capnp$")
  list(FILTER arg_SOURCES EXCLUDE REGEX "\\.capnp$")
  list(TRANSFORM arg_DEPENDS PREPEND murm_)

  if(arg_SOURCES OR schemas)
    set(scope PUBLIC)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:murm_options>)
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS} ${arg_LIBRARIES})
  if(schemas)
    murm_schemas(${target} ${schemas})
  endif()
endfunction()

# Generates and compiles Cap'n Proto schemas. The generated code is not held to our warnings.
function(murm_schemas target)
  set(CAPNPC_SRC_PREFIX "${PROJECT_SOURCE_DIR}")
  set(CAPNPC_OUTPUT_DIR "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${CAPNPC_OUTPUT_DIR}")
  capnp_generate_cpp(generated_sources generated_headers ${ARGN})
  set_source_files_properties(${generated_sources} PROPERTIES COMPILE_OPTIONS -w)
  target_sources(${target} PRIVATE ${generated_sources} ${generated_headers})
  target_include_directories(${target} SYSTEM PUBLIC "${CAPNPC_OUTPUT_DIR}")
endfunction()

# murm_program(<name> SOURCES ... DEPENDS <rooms> LIBRARIES <targets>) -> build/<preset>/<name>
function(murm_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBRARIES")
  list(TRANSFORM arg_DEPENDS PREPEND murm_)
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${name} PRIVATE MURM_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE murm_options ${arg_DEPENDS} ${arg_LIBRARIES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()

# murm_test(<name> LABEL <label> SOURCES a_test.cpp ... DEPENDS <rooms> [LIBRARIES <targets>]
#           [TIMEOUT seconds] [PROGRAM murm])
# -> executable test_<name>, one ctest test per TEST_CASE, target murm_<label>_tests. PROGRAM: build that program first and define
# MURM_PROGRAM as its path.
function(murm_test name)
  if(NOT MURM_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT;PROGRAM" "SOURCES;DEPENDS;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_LABEL)
    message(FATAL_ERROR "murm_test(${name}): LABEL missing, or unexpected '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  list(TRANSFORM arg_DEPENDS PREPEND murm_)
  set(target test_${name})
  add_executable(${target} ${arg_SOURCES})
  if(NOT TARGET murm_${arg_LABEL}_tests)
    add_custom_target(murm_${arg_LABEL}_tests)
  endif()
  add_dependencies(murm_${arg_LABEL}_tests ${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE murm_options murm_catch ${arg_DEPENDS} ${arg_LIBRARIES})
  # Test bodies are not worth -O3: compile time is what one waits for.
  target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  if(arg_PROGRAM)
    add_dependencies(${target} ${arg_PROGRAM})
    target_compile_definitions(${target} PRIVATE MURM_PROGRAM="$<TARGET_FILE:${arg_PROGRAM}>")
  endif()
  murm_discover_tests(${target} "${arg_LABEL}/${name}" ${arg_LABEL} ${arg_TIMEOUT})
endfunction()

# Registers the test cases of a Catch2 program each time it is linked.
function(murm_discover_tests target prefix label timeout)
  if(Catch2_VERSION VERSION_LESS 3)
    set(list_options --list-test-names-only)
    set(run_options --warn NoTests)  # 2.x calls an empty selection a success unless told otherwise
  else()
    set(list_options --list-tests --verbosity quiet)
    set(run_options "")
  endif()
  list(JOIN list_options " " list_options)
  list(JOIN run_options " " run_options)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_tests.cmake")
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${target}_include.cmake")
  add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS "${output}" VERBATIM
    COMMAND "${CMAKE_COMMAND}" -D "PROGRAM=$<TARGET_FILE:${target}>" -D "PREFIX=${prefix}"
            -D LABEL=${label} -D TIMEOUT=${timeout} -D "DIRECTORY=${PROJECT_SOURCE_DIR}"
            -D "LIST=${list_options}" -D "RUN=${run_options}" -D "OUTPUT=${output}"
            -P "${PROJECT_SOURCE_DIR}/cmake/MurmDiscoverTests.cmake")
  file(WRITE "${include}"
    "if(EXISTS \"${output}\")\n  include(\"${output}\")\n"
    "else()\n  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()

# murm_fuzzer(<name> SOURCES x_fuzz.cpp DEPENDS <rooms>) -> build/fuzz/fuzzers/<name>; only with MURM_FUZZ.
function(murm_fuzzer name)
  if(NOT MURM_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBRARIES")
  list(TRANSFORM arg_DEPENDS PREPEND murm_)
  add_executable(${name} ${arg_SOURCES})
  add_dependencies(murm_fuzzers ${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE murm_options ${arg_DEPENDS} ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzzers")
endfunction()
