# shellcheck shell=bash
# Sourced. Flags for mpirun that every launch of ours on one machine wants, as two arrays (job
# scripts for several nodes have their own):
#   mpirun.openmpi "${mayfly_openmpi_flags[@]}" -n 4 program
#   mpirun.mpich "${mayfly_mpich_flags[@]}" -n 4 program

# Servers choose their cores themselves. More ranks than cores must not spin against each other.
# shellcheck disable=SC2034
mayfly_openmpi_flags=(
  --oversubscribe --bind-to none --mca mpi_yield_when_idle 1
  # Open MPI's own messages need no UCX here, and UCX is set up once per process, by us.
  --mca pml ob1 --mca btl "self,vader"
)
# shellcheck disable=SC2034
mayfly_mpich_flags=(-bind-to none)

# Open MPI refuses root unless told otherwise; containers often have no other user.
if ((EUID == 0)); then
  mayfly_openmpi_flags+=(--allow-run-as-root)
fi
