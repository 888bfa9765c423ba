#include <mayfly/mayfly.h>
#include <stdio.h>

int main(void) {
  puts(mayfly_version());
  return 0;
}
