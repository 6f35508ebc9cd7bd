// Arguments -> pipeline -> exit status, nothing else.
#include "runner/cli/cli.h"

int main(int argc, char** argv) { return edp::cli::run(argc, argv); }
