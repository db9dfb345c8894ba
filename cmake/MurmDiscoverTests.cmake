# Run after a test program is linked: asks it for its test cases and writes one add_test for each.
# Catch2's own script does this too, but stumbles over brackets and semicolons in the names, and our
# names are sentences.
# Input: PROGRAM, PREFIX, LABEL, TIMEOUT, DIRECTORY, LIST (listing options), RUN (running options), OUTPUT.

separate_arguments(list_options UNIX_COMMAND "${LIST}")
separate_arguments(run_options UNIX_COMMAND "${RUN}")
execute_process(COMMAND "${PROGRAM}" ${list_options} OUTPUT_VARIABLE names ERROR_VARIABLE complaint)

# What CMake would read as list syntax travels as control characters.
string(ASCII 1 open)
string(ASCII 2 close)
string(ASCII 3 semicolon)
string(REPLACE "[" "${open}" names "${names}")
string(REPLACE "]" "${close}" names "${names}")
string(REPLACE ";" "${semicolon}" names "${names}")
string(STRIP "${names}" names)
if(names STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} lists no tests. ${complaint}")
endif()
string(REPLACE "\n" ";" names "${names}")

list(JOIN run_options " " run_options)
set(script "")
foreach(name IN LISTS names)
  string(REPLACE "${open}" "[" name "${name}")
  string(REPLACE "${close}" "]" name "${name}")
  string(REPLACE "${semicolon}" ";" name "${name}")
  # Catch2 takes a name in quotes literally, but for the quote, the backslash and the comma.
  string(REPLACE "\\" "\\\\" selector "${name}")
  string(REPLACE "\"" "\\\"" selector "${selector}")
  string(REPLACE "," "\\," selector "${selector}")
  string(APPEND script
    "add_test([==[${PREFIX}: ${name}]==] [==[${PROGRAM}]==] [==[\"${selector}\"]==] ${run_options})\n"
    "set_tests_properties([==[${PREFIX}: ${name}]==] PROPERTIES LABELS ${LABEL} TIMEOUT ${TIMEOUT} "
    "WORKING_DIRECTORY [==[${DIRECTORY}]==] "
    # A selection that matches nothing is a success for Catch2 2.x, and would hide the test for ever.
    "FAIL_REGULAR_EXPRESSION [==[No tests ran;Invalid Filter;No test cases matched]==] "
    "SKIP_REGULAR_EXPRESSION [==[SKIPPED: ]==])\n")
endforeach()
file(WRITE "${OUTPUT}" "${script}")
