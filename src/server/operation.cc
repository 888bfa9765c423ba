#include "server/operation.h"

#include <array>

namespace mayfly {
namespace {

using Table = std::array<Operation, kOpcodes>;

template <auto handler>
Operation at_once() {
  return {[](Server& server, Request& request) { handler(server, request); }, nullptr, nullptr};
}

template <Task<void> (*handler)(Server&, Request), bool (*attempt)(Server&, Request&) = nullptr>
Operation task() {
  return {nullptr, handler, attempt};
}

Table make_table() {
  Table table{};
  table[index_of(Opcode::disconnect)] = task<disconnect>();
  table[index_of(Opcode::shut_down)] = at_once<shut_down>();
  table[index_of(Opcode::ping)] = at_once<ping>();
  table[index_of(Opcode::look_up)] = at_once<look_up>();
  table[index_of(Opcode::open_name)] = at_once<open_name>();
  table[index_of(Opcode::open_id)] = at_once<open_id>();
  table[index_of(Opcode::close)] = at_once<close_file>();
  table[index_of(Opcode::get_attributes)] = at_once<get_attributes>();
  table[index_of(Opcode::set_attributes)] = task<set_attributes>();
  table[index_of(Opcode::set_layout)] = task<set_layout>();
  table[index_of(Opcode::report_size)] = at_once<report_size>();
  table[index_of(Opcode::note_read)] = at_once<note_read>();
  table[index_of(Opcode::set_size)] = task<set_size>();
  table[index_of(Opcode::append)] = task<append>();
  table[index_of(Opcode::make_directory)] = task<make_directory>();
  table[index_of(Opcode::make_symbolic_link)] = task<make_symbolic_link>();
  table[index_of(Opcode::link)] = task<link>();
  table[index_of(Opcode::rename)] = task<rename>();
  table[index_of(Opcode::get_parent)] = at_once<get_parent>();
  table[index_of(Opcode::remove_directory)] = task<remove_directory>();
  table[index_of(Opcode::remove_file)] = at_once<remove_file>();
  table[index_of(Opcode::put_file)] = task<put_file>();
  table[index_of(Opcode::read_directory)] = task<read_directory>();
  table[index_of(Opcode::set_lock)] = task<set_lock>();
  table[index_of(Opcode::test_lock)] = at_once<test_lock>();
  table[index_of(Opcode::set_extended)] = at_once<set_extended>();
  table[index_of(Opcode::get_extended)] = at_once<get_extended>();
  table[index_of(Opcode::list_extended)] = at_once<list_extended>();
  table[index_of(Opcode::remove_extended)] = at_once<remove_extended>();
  table[index_of(Opcode::lease_slot)] = task<lease_slot>();
  table[index_of(Opcode::release_slot)] = at_once<release_slot>();
  table[index_of(Opcode::write)] = task<write, try_write>();
  table[index_of(Opcode::read)] = task<read, try_read>();
  table[index_of(Opcode::stage_data)] = task<stage_data>();
  table[index_of(Opcode::settle_staged)] = task<settle_staged>();
  table[index_of(Opcode::get_statistics)] = task<get_statistics>();
  table[index_of(Opcode::data_end)] = at_once<data_end>();
  table[index_of(Opcode::seek_data)] = at_once<seek_data>();
  table[index_of(Opcode::sync_data)] = task<sync_data>();
  table[index_of(Opcode::usage)] = at_once<usage>();
  table[index_of(Opcode::allocate_data)] = task<allocate_data>();
  table[index_of(Opcode::clear_data)] = task<clear_data>();
  table[index_of(Opcode::cut_data)] = task<cut_data>();
  table[index_of(Opcode::freeze_directory)] = at_once<freeze_directory>();
  table[index_of(Opcode::thaw_directory)] = at_once<thaw_directory>();
  table[index_of(Opcode::entomb_directory)] = at_once<entomb_directory>();
  table[index_of(Opcode::hold_name)] = task<hold_name>();
  table[index_of(Opcode::put_name)] = task<put_name>();
  table[index_of(Opcode::release_name)] = at_once<release_name>();
  table[index_of(Opcode::add_link)] = at_once<add_link>();
  table[index_of(Opcode::drop_link)] = at_once<drop_link>();
  table[index_of(Opcode::note_rename)] = at_once<note_rename>();
  table[index_of(Opcode::raise_epoch)] = at_once<raise_epoch>();
  table[index_of(Opcode::note_news)] = at_once<note_news>();
  table[index_of(Opcode::note_waits)] = task<note_waits>();
  table[index_of(Opcode::note_lost)] = at_once<note_lost>();
  table[index_of(Opcode::take_news)] = at_once<take_news>();
  return table;
}

}  // namespace

const Operation& operation_of(Opcode opcode) {
  static const Table table = make_table();
  return table[index_of(opcode)];
}

}  // namespace mayfly
