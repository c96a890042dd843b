alter table users rename to people;
