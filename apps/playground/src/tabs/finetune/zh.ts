import type { Words } from "./en.ts";

export const zh: Words = {
  title: "微调",
  lead: "就在网页里教当前的模型做一件事：分辨垃圾消息，或听从指令。训练前的模型会在旁边一起回答。",
  settings: "设置",
  hints: {
    classify:
      "当前模型的一个副本换上只有两个输出的头，从标有垃圾或正常的短消息中学习；之后可以用没见过的消息比较两者。",
    instruct: "当前模型的一个副本从带答案的指令中学习；之后可以向两者提同样的问题。",
  },
  task: "任务",
  tasks: { classify: "垃圾消息分类（第 6 章）", instruct: "指令（第 7 章）" },
  trainable: "训练哪些权重",
  trainables: {
    default: "此任务效果最好的方式",
    all: "全部权重",
    last_block: "分类头、最后的归一化和最后一块，同书中",
    lora: "LoRA：权重旁的小层",
  },
  seed: "种子",
  epochs: "轮数",
  rank: "LoRA 的秩",
  counts: (train, val, trainable, params) =>
    `训练用 ${train} 条，验证用 ${val} 条；${params} 个权重中训练 ${trainable} 个。`,
  at: (step, total) => `第 ${step} 步，共 ${total} 步`,
  losses: "损失",
  accuracy: "准确率",
  lines: { train: "训练", val: "验证" },
  step: "步",
  table: "测量值",
  columns: ["步", "训练", "验证"],
  tryIt: "试一试",
  example: "它没见过的一条",
  message: "消息",
  instruction: "指令",
  classify: "分类",
  ask: "让两者回答",
  stop: "停止",
  sides: { base: "训练前", tuned: "训练后" },
  labels: { spam: "垃圾消息", ham: "正常消息" },
  threshold: "概率达到此值就算垃圾消息",
  verdict: (label) => `所以判为${label}。`,
};
