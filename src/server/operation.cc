#include "server/operation.h"

#include <array>

namespace mayfly {
namespace {

using Table = std::array<Operation, kOpcodes>;

Table make_table() {
  Table table{};
  const auto at_once = [&table](Opcode opcode, void (*handler)(Server&, const Request&)) {
    table[index_of(opcode)].at_once = handler;
  };
  const auto task = [&table](Opcode opcode, Task<void> (*handler)(Server&, Request)) {
    table[index_of(opcode)].task = handler;
  };
  task(Opcode::disconnect, disconnect);
  at_once(Opcode::shut_down, shut_down);
  at_once(Opcode::ping, ping);
  at_once(Opcode::look_up, look_up);
  task(Opcode::open_name, open_name);
  task(Opcode::open_id, open_id);
  at_once(Opcode::close, close_file);
  at_once(Opcode::get_attributes, get_attributes);
  at_once(Opcode::set_attributes, set_attributes);
  at_once(Opcode::report_size, report_size);
  task(Opcode::set_size, set_size);
  task(Opcode::append, append);
  task(Opcode::make_directory, make_directory);
  task(Opcode::remove_directory, remove_directory);
  at_once(Opcode::remove_file, remove_file);
  task(Opcode::read_directory, read_directory);
  task(Opcode::lease_slot, lease_slot);
  at_once(Opcode::release_slot, release_slot);
  task(Opcode::write, write);
  task(Opcode::read, read);
  at_once(Opcode::data_end, data_end);
  at_once(Opcode::seek_data, seek_data);
  task(Opcode::sync_data, sync_data);
  at_once(Opcode::usage, usage);
  task(Opcode::cut_data, cut_data);
  at_once(Opcode::freeze_directory, freeze_directory);
  at_once(Opcode::thaw_directory, thaw_directory);
  at_once(Opcode::entomb_directory, entomb_directory);
  return table;
}

}  // namespace

const Operation& operation_of(Opcode opcode) {
  static const Table table = make_table();
  return table[index_of(opcode)];
}

}  // namespace mayfly
