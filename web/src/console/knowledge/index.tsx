export default function KnowledgePage() {
  return <div class="knowledge" />;
}
