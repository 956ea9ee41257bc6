/* The verbs of suanpan: one line each, one cmd_*.c each. --help lists these and nothing else. */
#ifndef SP_TOOLS_VERBS_H
#define SP_TOOLS_VERBS_H

#define SP_VERB_TABLE(X)                                                               \
  X(audit, "the equation in = sum of outcomes, from the journal")                      \
  X(bench, "how fast this machine is: files to durable journal and checkpoint")        \
  X(book, "add a tariff book to a store, also while it runs; list them")               \
  X(churn, "the groups at risk, with reasons and members")                             \
  X(dump, "print what a store holds: rated records, suspense, customers")              \
  X(explain, "one record's whole way: who, where, which rule, each step of its price") \
  X(gen, "make a seeded province: book, customers, usage and its expected totals")     \
  X(init, "a new store from a book and customers")                                     \
  X(rate, "price usage records from a file or stdin, without a store")                 \
  X(replay, "recorded usage priced with another book: who wins, who loses")            \
  X(segment, "customers by recency, frequency, money; the eight classes")              \
  X(snapshot, "customers and their scores as Parquet files")                           \
  X(run, "the service: usage records from files or Kafka become durable charges")      \
  X(tariff, "check, compile, show and compare tariff books")                           \
  X(verify, "check a whole store and print its state hash")                            \
  X(view, "one group or subscriber from all sides")                                    \
  X(version, "print the versions of suanpan and of the libraries it is linked with")

#define X(verb, text) int sp_cmd_##verb(int argc, char **argv);
SP_VERB_TABLE(X)
#undef X

#endif
