// The dashboard and the cloud that it comes from are one release: the page takes the cloud's answers for what their types say. This is how it
// notices that the cloud has become another one since the page was loaded.

/** On every answer, and as the id of every message of a stream: the name of the script of the dashboard that the cloud gives out now. */
export const dashboardHeader = 'Postern-Dashboard';
