// The badge: an octagon with its cord hole and the three finder squares of a QR code.
export function BadgeMark({ size }: { size: number }) {
  return (
    <svg viewBox="0 0 512 512" width={size} height={size} aria-hidden="true" style={{ flex: "none" }}>
      <path
        fill="var(--y-accent)"
        fillRule="evenodd"
        d="M160 0H352L480 128V416L384 512H128L32 416V128ZM256 64a32 32 0 1 0 0 64a32 32 0 1 0 0-64Z"
      />
      <g fill="var(--y-paper)">
        <path fillRule="evenodd" d="M96 160h128v128H96zM128 192v64h64v-64z" />
        <path fillRule="evenodd" d="M288 160h128v128H288zM320 192v64h64v-64z" />
        <path fillRule="evenodd" d="M96 320h128v128H96zM128 352v64h64v-64z" />
        <path d="M288 320h64v64h-64zM352 384h64v64h-64z" />
      </g>
    </svg>
  );
}
