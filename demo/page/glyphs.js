// The small pictures of the stories.

/** By the ids of the stories, the bars of each picture: x, width, lane, tone. */
export const glyphs = {
  healed: [
    [0, 9, 0, "bad"],
    [13, 9, 1, "bad"],
    [28, 12, 2, "good"],
  ],
  jitter: [
    [0, 5, 0, "bad"],
    [0, 5, 1, "bad"],
    [0, 5, 2, "bad"],
    [14, 5, 0, "good"],
    [31, 5, 1, "good"],
    [22, 5, 2, "good"],
  ],
  brownout: [
    [0, 8, 0, "bad"],
    [11, 8, 0, "bad"],
    [22, 8, 0, "good"],
    [4, 8, 1, "bad"],
    [15, 8, 1, "bad"],
    [9, 8, 2, "bad"],
  ],
  budget: [
    [0, 8, 0, "bad"],
    [11, 8, 0, "bad"],
    [6, 8, 1, "bad"],
    [14, 8, 2, "bad"],
  ],
  pushback: [
    [0, 10, 0, "bad"],
    [28, 12, 1, "good"],
  ],
  tail: [
    [0, 40, 0, "lost"],
    [12, 12, 1, "good"],
  ],
  tuned: [
    [0, 24, 0, "lost"],
    [7, 12, 1, "good"],
  ],
  stream: [
    [0, 8, 0, "bad"],
    [13, 27, 1, "good"],
  ],
  resumed: [
    [0, 10, 0, "bad"],
    [14, 10, 1, "bad"],
    [28, 12, 2, "good"],
  ],
  early: [
    [0, 12, 0, "bad"],
    [18, 22, 1, "good"],
  ],
  cors: [
    [0, 10, 0, "bad"],
    [14, 2, 1, "lost"],
    [17, 14, 2, "good"],
  ],
  deadline: [
    [0, 10, 0, "bad"],
    [12, 10, 1, "bad"],
    [24, 12, 2, "lost"],
  ],
  blackhole: [
    [0, 20, 0, "lost"],
    [24, 14, 1, "good"],
  ],
  endpoints: [
    [0, 6, 0, "bad"],
    [10, 9, 1, "good"],
    [20, 9, 1, "good"],
    [30, 9, 1, "good"],
  ],
  token: [
    [0, 7, 0, "bad"],
    [2, 7, 1, "bad"],
    [24, 12, 0, "good"],
    [24, 14, 1, "good"],
  ],
  reset: [
    [0, 7, 0, "lost"],
    [12, 7, 1, "lost"],
    [24, 14, 2, "good"],
  ],
  starved: [
    [0, 30, 0, "lost"],
    [0, 30, 1, "lost"],
    [31, 9, 2, "good"],
  ],
  duplex: [
    [0, 40, 0, "good"],
    [3, 34, 2, "good"],
  ],
};
