#include "tools/murm/program.hpp"

int main(int argc, char** argv) { return murm::run_program(argc, argv); }
