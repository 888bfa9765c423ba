#include "protocol/opcode.h"

#include <array>

namespace mayfly {

const char* name_of(Opcode opcode) {
  static constexpr std::array<const char*, kOpcodes> kNames = {"?",
                                                               "connect",
                                                               "disconnect",
                                                               "shut_down",
                                                               "ping",
                                                               "look_up",
                                                               "open_name",
                                                               "open_id",
                                                               "close",
                                                               "get_attributes",
                                                               "set_attributes",
                                                               "set_layout",
                                                               "report_size",
                                                               "set_size",
                                                               "append",
                                                               "make_directory",
                                                               "make_symbolic_link",
                                                               "link",
                                                               "rename",
                                                               "get_parent",
                                                               "remove_directory",
                                                               "remove_file",
                                                               "read_directory",
                                                               "set_lock",
                                                               "test_lock",
                                                               "set_extended",
                                                               "get_extended",
                                                               "list_extended",
                                                               "remove_extended",
                                                               "lease_slot",
                                                               "release_slot",
                                                               "write",
                                                               "read",
                                                               "data_end",
                                                               "seek_data",
                                                               "allocate_data",
                                                               "clear_data",
                                                               "sync_data",
                                                               "usage",
                                                               "cut_data",
                                                               "freeze_directory",
                                                               "thaw_directory",
                                                               "entomb_directory",
                                                               "hold_name",
                                                               "put_name",
                                                               "release_name",
                                                               "add_link",
                                                               "drop_link",
                                                               "note_rename",
                                                               "raise_epoch",
                                                               "note_news",
                                                               "take_news",
                                                               "note_waits"};
  return index_of(opcode) < kNames.size() ? kNames[index_of(opcode)] : "?";
}

}  // namespace mayfly
