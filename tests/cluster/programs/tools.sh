# sqlite3, git, rsync, gcc.
cd "$D" || exit 1
sqlite3 base.db 'create table t (a, b); insert into t values (1, "x"), (2, "y"); begin;
  update t set b = "z" where a = 2; commit; create index i on t (a); select * from t; vacuum;
  pragma integrity_check;'
sqlite3 base.db 'begin; insert into t select a + 10, b from t; rollback; select count(*) from t;'
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' HOME="$D"
git config --global user.name n; git config --global user.email e
git config --global init.defaultBranch main
git init -q repository; cd repository; seq 100 > a; mkdir d; echo b > d/b; git add .
git commit -qm first
echo more >> a; git status --short; git commit -qam second; git log --oneline; cd ..
git clone -q repository clone && cd clone && git status --short && git log --oneline | wc -l
git fsck 2>&1 | tail -1
git checkout -q -b branch; echo c > c; git add c; git commit -qm third; git gc -q
git push -q origin branch; git log --oneline; cd ..
mkdir from; seq 1000 > from/s; ln -s s from/l; rsync -a from/ to/ && diff -r from to && echo rsync
echo 1 >> from/s; rsync -ai from/ to/ | cut -c1-4
cat > hello.c <<'END'
#include <stdio.h>
#include "hello.h"
int main(void) { printf("hello %d\n", NUMBER); return 3; }
END
echo '#define NUMBER 42' > hello.h
gcc -c hello.c -o hello.o && gcc hello.o -o hello && ./hello; echo $?
ar rc lib.a hello.o && ar t lib.a; printf 'all: made\nmade: hello.c\n\tcp hello.c made\n' > Makefile
make -s && make | sed 's/make.*: //'
printf '#!/bin/sh\necho script "$1"\n' > script; chmod +x script; ./script argument
./none 2> /dev/null; echo $?; chmod -x script; ./script 2> /dev/null; echo $?
