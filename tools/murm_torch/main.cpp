// murm-torch: murm, which knows model.kind = "torchscript" as well.
#include "tools/murm/program.hpp"
#include "tools/murm_torch/script_kind.hpp"

int main(int argc, char** argv) {
  return murm::run_program(argc, argv, {.models = {&murm::torchscript_kind(), 1}});
}
