/** Mark is the sign of the project: a block cut into grids, one of them chosen. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="34" height="34" aria-hidden="true">
      <rect width="32" height="32" rx="7" className="mark-ground" />
      <path d="M7 7h8.2v6.6L7 16.4zM17.2 7H25v9.6l-7.8-3zM7 18.5l8.2-2.8V25H7z" className="mark-cells" />
      <path d="M17.2 15.7l7.8 3V25h-7.8z" className="mark-chosen" />
    </svg>
  );
}
