// What every command needs: the client of the Admin API, and how errors become exit codes.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/paths.h"
#include "dom0/client/client.h"
#include "dom0/client/listing.h"

namespace bh::cli {

// Also in --help and dom0/cli/README part of dom0/README.md.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;        // bulkheadd refused, or it went wrong
inline constexpr int kUsage = 2;         // wrong command line
inline constexpr int kUnreachable = 3;   // bulkheadd is not there or does not answer
inline constexpr int kRunProblem = 125;  // `run` only: the command did not run

struct Session {
  Paths paths;
  std::filesystem::path programs;
  admin::Client client;
  bool json = false;
  bool quiet = false;
};

// Prints the error; gives the exit code.
int report(admin::Exception const& problem);
// The value of a property, or the exception.
admin::Reply property(Session const& session, std::string const& qube, std::string const& name);
// Prints a note on a terminal if machines run under TCG.
void warn_of_tcg(Session const& session);

}  // namespace bh::cli
