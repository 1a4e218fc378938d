# Serves a model: docker build -t scratch-llm . && docker run -p 127.0.0.1:8000:8000 -v ./deploy:/model:ro scratch-llm
FROM node:22-bookworm-slim AS build
WORKDIR /source
COPY . .
RUN npx --yes pnpm@10 install --frozen-lockfile \
  && npx --yes pnpm@10 exec turbo run build --filter=@scratch-llm/trainer... --filter=@scratch-llm/playground... \
  # Not --prod: ONNX Runtime is optional for those who install the trainer, and so a development dependency here.
  && npx --yes pnpm@10 --filter @scratch-llm/trainer deploy --legacy /opt/scratch-llm/trainer \
  && find /opt/scratch-llm -path '*/onnxruntime-node/bin/*' '(' -name darwin -o -name win32 ')' -prune -exec rm -r {} + \
  && mkdir -p /opt/scratch-llm/playground \
  && cp -r apps/playground/dist /opt/scratch-llm/playground/dist

FROM node:22-bookworm-slim
ENV NODE_ENV=production
# Weights in pages of 2 MB: each token reads them all.
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1
COPY --from=build /opt/scratch-llm /opt/scratch-llm
USER 1000
WORKDIR /home/node
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:8000/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/scratch-llm/trainer/dist/main.js"]
CMD ["serve", "--host", "0.0.0.0", "--model", "/model"]
