/*
 * cell: writes one field of an answer as a table's cell, by what it is.
 */
#ifndef WEIR_CTL_CELL_H
#define WEIR_CTL_CELL_H

#include "ctl/writer.h"

cell_writer cell_text;	   /* a string, or JSON; nothing for nil */
cell_writer cell_value;	   /* any value; a long one cut, unless exact */
cell_writer cell_status;   /* with its sign and colour */
cell_writer cell_when;	   /* ns since the epoch: "3m ago" */
cell_writer cell_duration; /* ns */
cell_writer cell_elapsed;  /* from started_at to ended_at, or till now */
cell_writer cell_bytes;	   /* 16.2M */
cell_writer cell_workflow; /* release@3 */
cell_writer cell_labels;   /* a=1 b=2 */
cell_writer cell_counts;   /* 3 running, 12 completed */
cell_writer cell_held;	   /* by ann: a disk is being changed */
cell_writer cell_holder;   /* user, frozen */

#endif
