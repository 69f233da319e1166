/**
 * The number in the header of a database that identifies its application. Source:
 * sqlite.org/fileformat2.html, section 1.3.15.
 */

/** The application id of backbeat's databases: "bkbt". Databases of earlier versions have 0. */
export const applicationId = 0x62_6b_62_74
