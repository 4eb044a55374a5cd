#include "dom0/cli/volume_command_line.h"

#include <CLI/CLI.hpp>

namespace bh::cli {

namespace {

// The peer's short names are accepted, and not advertised.
CLI::App& add_command(CLI::App& app, char const* name, char const* description, std::initializer_list<char const*> aliases) {
  CLI::App* const sub = app.add_subcommand(name, description);
  for (auto const* alias : aliases) sub->alias(alias);
  sub->fallthrough();  // --json may stand at the end
  return *sub;
}

}  // namespace

void set_up_volume_options(CLI::App& app, VolumeOptions& o) {
  using enum VolumeOptions::Action;
  app.require_subcommand(0, 1);
  auto const command = [&](char const* name, char const* description, std::initializer_list<char const*> aliases, VolumeOptions::Action action) -> CLI::App& {
    CLI::App& sub = add_command(app, name, description, aliases);
    sub.parse_complete_callback([&o, action] { o.action = action; });
    if (action != list) sub.add_option("QUBE:VOLUME", o.target, "for instance work:private")->required();
    return sub;
  };
  CLI::App& lists = command("list", "volumes of qubes", {"ls", "l"}, list);
  lists.add_option("QUBE", o.qubes, "only of these");
  lists.add_option("-p,--pool", o.pool, "only in this pool");
  CLI::App& shows = command("info", "all of one volume, with its revisions", {"i"}, info);
  shows.add_option("PROPERTY", o.property, "only this one");
  CLI::App& sets = command("config", "set revisions_to_keep", {"c", "set", "s"}, config);
  sets.add_option("PROPERTY", o.property, "revisions_to_keep (-1: used in place, no revisions), rw or ephemeral")->required();
  sets.add_option("VALUE", o.value, "the value")->required();
  CLI::App& grows = command("resize", "make it larger, also while the qube runs", {"extend"}, resize);
  grows.add_option("SIZE", o.size, "bytes, or a number with K, M, G or T")->required();
  grows.add_flag("-f,--force", o.force, "accepted for scripts; a volume never shrinks");
  CLI::App& reverts = command("revert", "back to a revision; what is there now becomes one", {"rv", "r"}, revert);
  reverts.add_option("REVISION", o.value, "default: the newest");
  CLI::App& imports = command("import", "replace the content by a file's or stdin's", {}, import_data);
  imports.add_option("FILE", o.file, "the file, or - for stdin")->required();
  imports.add_option("--size", o.size, "the volume's new size; default: the file's");
  imports.add_flag("--no-resize", o.no_resize, "keep the volume's size");
  CLI::App& exports = command("export", "write the last commit to a new file or to stdout", {}, export_data);
  exports.add_option("FILE", o.file, "the file, or - for stdout")->required();
  command("clear", "throw the content away (it becomes a revision)", {}, clear);
  CLI::App& clones = command("clone", "replace the content by another volume's", {}, clone);
  clones.add_option("SOURCE", o.source, "QUBE:VOLUME to be copied")->required();
  app.footer("Changes need a halted qube, but `resize` does not.\nExamples:\n  bulkhead volume list work\n  bulkhead volume config work:private revisions_to_keep 2\n"
             "  bulkhead volume revert work:private\n  bulkhead volume resize work:private 10G\n  bulkhead volume export work:private work.img");
}

void set_up_pool_options(CLI::App& app, PoolOptions& o) {
  using enum PoolOptions::Action;
  app.require_subcommand(0, 1);
  auto const command = [&](char const* name, char const* description, std::initializer_list<char const*> aliases, PoolOptions::Action action) -> CLI::App& {
    CLI::App& sub = add_command(app, name, description, aliases);
    sub.parse_complete_callback([&o, action] { o.action = action; });
    return sub;
  };
  command("list", "all pools", {"ls", "l"}, list);
  command("drivers", "what a pool can be, with its options", {"d"}, drivers);
  command("info", "all of these pools", {"i"}, info).add_option("POOL", o.pools, "pools")->required();
  CLI::App& adds = command("add", "add a pool", {"a"}, PoolOptions::Action::add);
  adds.add_option("POOL", o.pool, "its name")->required();
  adds.add_option("DRIVER", o.driver, "file or another of `drivers`")->required();
  adds.add_option("-o,--option", o.options, "NAME=VALUE, may be repeated")->allow_extra_args(false);
  command("remove", "forget pools that hold no volume", {"rm", "r"}, remove).add_option("POOL", o.pools, "pools")->required();
  CLI::App& sets = command("set", "change a pool", {"s"}, set);
  sets.add_option("POOL", o.pool, "its name")->required();
  sets.add_option("-o,--option", o.options, "revisions_to_keep=N or ephemeral_volatile=True|False")->allow_extra_args(false);
  app.footer("Examples:\n  bulkhead pool\n  bulkhead pool add big file -o dir_path=/mnt/big/qubes\n  bulkhead pool set default -o revisions_to_keep=2");
}

}  // namespace bh::cli
