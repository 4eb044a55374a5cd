// The options of `volume` and `pool`, which have commands of their own below them.
#pragma once

#include "dom0/cli/volume_commands.h"

namespace CLI {
class App;
}

namespace bh::cli {

// What the parser filled in is in `options` once it has run.
void set_up_volume_options(CLI::App& app, VolumeOptions& options);
void set_up_pool_options(CLI::App& app, PoolOptions& options);

}  // namespace bh::cli
