//! The table as text, as a document and as a baseline to compare with.
